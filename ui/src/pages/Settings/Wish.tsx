// The wish as a sentence to fill in: at most so many percent wrong, of what, and how sure.
import { useId } from "react";
import { wishMeans } from "../../model/wish";
import { refusal } from "./NameForm";
import { usePolicyNumber } from "./PolicyNumber";
import type { Shared } from "./useKeep";

export function Wish(shared: Shared) {
  const { policy, keep, saving } = shared;
  const id = useId();
  const error = usePolicyNumber({ field: "auto_error", said: "allowed error", ...shared });
  const confidence = usePolicyNumber({ field: "auto_confidence", said: "confidence of certificates", ...shared });
  const problems = [error.problem, confidence.problem, refusal(saving, "guarantee")].filter((one) => one !== null);
  const input = (label: string, field: ReturnType<typeof usePolicyNumber>) => (
    <input
      {...field.input}
      className="input number wish-number"
      aria-label={label}
      aria-invalid={field.problem ? true : undefined}
      aria-describedby={field.problem ? `${id}-problem` : id}
    />
  );
  return (
    <fieldset className="choices wish">
      <legend>The wish</legend>
      <div className="wish-line">
        <span>At most {input("Share of labels that may be wrong, in percent", error)} % wrong</span>
        <select
          className="input"
          aria-label="Of what"
          value={policy.guarantee}
          onChange={(event) => keep("guarantee", "guarantee", event.target.value as typeof policy.guarantee)}
        >
          <option value="among">among the auto-labels</option>
          <option value="whole">of the whole pool</option>
        </select>
        <span>{input("How sure, in percent", confidence)} % sure</span>
      </div>
      <p id={id} className="quiet small">
        {wishMeans(policy)}
      </p>
      {problems.length > 0 && (
        <p id={`${id}-problem`} className="problem" role="alert">
          {problems.join(" ")}
        </p>
      )}
    </fieldset>
  );
}
