// What becomes of what: images the model is sure of, images a certificate covers, the error allowed, and how it is watched.

import { counted, percent } from "../../model/figures";
import { recognisedChoices, sureChoices } from "../../model/policy";
import { cleanNeeded } from "../../model/wish";
import { Choices } from "./Choices";
import { refusal } from "./NameForm";
import { PolicyNumber } from "./PolicyNumber";
import type { Shared } from "./useKeep";
import { Wish } from "./Wish";

export function RoutesForm(shared: Shared) {
  const { policy, keep, saving } = shared;
  const off = policy.recognised === "off";
  const raw = policy.auto_threshold ?? null;
  return (
    <section className="card settings-part" aria-labelledby="settings-routes">
      <h2 id="settings-routes">What becomes of what</h2>
      <PolicyNumber
        field="validate_above"
        label="The model is sure from"
        unit="%"
        {...shared}
        hint="By the model's own confidence, which promises more than it keeps: it sorts the work and proves nothing."
      />
      <Choices
        legend="Images the model is sure of"
        common={sureChoices()}
        chosen={policy.sure}
        problem={refusal(saving, "sure")}
        onChoose={(name) => keep("sure", "sure images", name as typeof policy.sure)}
      />
      <Choices
        legend="Images it recognises, by a certificate"
        common={recognisedChoices()}
        chosen={policy.recognised}
        problem={refusal(saving, "recognised")}
        onChoose={(name) => keep("recognised", "recognised images", name as typeof policy.recognised)}
      />
      <div className="settings-sub" data-off={off || undefined}>
        {off && <p className="quiet">The rest of this part counts once something is certified or auto-labeled.</p>}
        <Wish {...shared} />
        <div className="settings-numbers">
          <PolicyNumber
            field="calibration"
            label="Labeled at random for a certificate"
            unit="images"
            {...shared}
            hint={`Shown without a suggestion. This wish takes at least ${counted(cleanNeeded(policy.auto_error, policy.auto_confidence), "covered image")}, if the model gets all of them right.`}
          />
          <PolicyNumber
            field="audit_rate"
            label="Audited for ever"
            unit="%"
            {...shared}
            hint="So many of the auto-labels go to people, drawn at random. Too many wrong among them revoke the certificate."
          />
          <PolicyNumber
            field="blind_rate"
            label="Questions without a suggestion"
            unit="%"
            {...shared}
            hint="Active only while anything is certified. Measures whether suggestions lead people astray."
          />
          <PolicyNumber
            field="seeded_rate"
            label="Suggestions wrong on purpose"
            unit="%"
            {...shared}
            hint="Active only while anything is certified. Plausible mistakes, to see whether they are noticed."
          />
          <PolicyNumber
            field="auto_threshold"
            label="A raw confidence instead of a certificate"
            unit="%"
            {...shared}
            hint="Not certified: nothing is proven of what it labels. Empty: the wish above counts."
          />
        </div>
        {raw !== null && (
          <p className="caution">
            <strong>Not certified.</strong> Images from {percent(raw, raw * 100 === Math.round(raw * 100) ? 0 : 1)}{" "}
            confidence on are taken without proof, and marked as not certified everywhere. Empty the field to go back to
            the wish.
          </p>
        )}
      </div>
    </section>
  );
}
