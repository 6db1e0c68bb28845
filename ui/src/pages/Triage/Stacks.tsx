// The stacks of an open batch, the largest first: named, known after all, or noise, with one gesture each and a way back.
import { useEffect, useMemo, useRef, useState } from "react";
import { useLocation } from "wouter";
import { useStore } from "zustand";
import type { Wire } from "../../api/client";
import { type ActionOf, classKeys } from "../../model/actions";
import { doneSaid } from "../../model/batches";
import { counted } from "../../model/figures";
import { focused, members, type Triage } from "../../model/triage";
import { Button } from "../../parts/Button";
import { ClassChip } from "../../parts/ClassChip";
import { Kbd } from "../../parts/Kbd";
import { KeySheet } from "../../parts/KeySheet";
import { useClock } from "../../parts/useClock";
import { useKeys } from "../../parts/useKeys";
import { type StackActs, StackCard } from "./StackCard";

interface Props {
  slug: string;
  batch: Wire["BatchView"];
  classes: readonly Wire["Class"][];
  triage: Triage;
  /** What got its name already. */
  named: readonly Wire["Stack"][];
}

export function Stacks({ slug, batch, classes, triage, named }: Props) {
  const state = useStore(triage.store);
  const [, navigate] = useLocation();
  const [helpOpen, setHelpOpen] = useState(false);
  const list = useRef<HTMLUListElement>(null);
  const active = useMemo(() => classes.filter((one) => !one.archived), [classes]);
  const keys = useMemo(() => classKeys(classes), [classes]);
  const name = (classId: number) => classes[classId]?.name ?? `class ${classId}`;
  const clock = useClock(focused(state)?.items[0] ?? null);
  const seconds = () => clock.seconds(performance.now());
  useInSight(list, state.focus, state.open);

  // A decided stack is gone: the keys are for the next one, not for a field that is no more.
  const decided = (done: boolean) => {
    if (done) document.getElementById("main")?.focus({ preventScroll: true });
    return done;
  };
  const act: StackActs = {
    focus: (id) => triage.focusOn(id),
    toggleOpen: (id) => triage.toggleOpen(id),
    toggleItem: (id, itemId) => triage.toggleItem(id, itemId),
    hold: (id, typing) => triage.hold(id, typing),
    name: (id, typed) => decided(triage.name(id, typed, active, seconds())),
    known: (id) => void decided(triage.decide(id, "known", "", null, seconds())),
    noise: (id) => void decided(triage.decide(id, "noise", "", null, seconds())),
  };
  const byKey: Record<ActionOf<"triage">, () => void> = {
    name: () => fieldOf(list.current, state.focus)?.focus(),
    known: () => state.focus !== null && act.known(state.focus),
    noise: () => state.focus !== null && act.noise(state.focus),
    open: () => triage.toggleOpen(),
    leaveOut: () => triage.toggleHere(),
    undo: () => triage.takeBack(),
    questions: () => navigate(`/p/${slug}/triage/${batch.number}/ask`),
    right: () => triage.move(1),
    left: () => triage.move(-1),
    down: () => triage.move(columnsOf(list.current)),
    up: () => triage.move(-columnsOf(list.current)),
    close: () => triage.close(),
    help: () => setHelpOpen(true),
  };
  useKeys("triage", keys, (press) => {
    clock.stir(performance.now());
    if (press.kind === "action") byKey[press.action]();
    else if (state.focus !== null) triage.decide(state.focus, "name", name(press.classId), press.classId, seconds());
  });
  const stacks = state.stacks ?? [];
  const last = state.done[0];
  return (
    <section className="stacks" aria-labelledby="stacks" onPointerMove={() => clock.stir(performance.now())}>
      <header className="row">
        <h2 id="stacks">Stacks of similar images that seem new</h2>
        <span className="gap" />
        <Button onMouseDown={(event) => event.preventDefault()} onClick={() => setHelpOpen(true)}>
          Keys <Kbd>?</Kbd>
        </Button>
        <Button
          disabled={state.done.length === 0}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => triage.takeBack()}
        >
          Take back <Kbd>⌫</Kbd>
        </Button>
      </header>
      <p className="stacks-said number" role="status">
        {state.notice ? (
          <span className="stacks-notice">{state.notice}</span>
        ) : last ? (
          doneSaid({ ...last, n: last.labeled ?? members(last.stack, new Set(last.leftOut)) })
        ) : (
          <span className="quiet">
            One name labels a whole stack and, when it is a new one, adds the class. The model learns it at once.
          </span>
        )}
      </p>
      {named.length > 0 && (
        <ul className="stacks-named row" aria-label="New in this batch, with a name">
          <li className="quiet" aria-hidden="true">
            Named so far
          </li>
          {named.map((stack) => (
            <li key={stack.id} className="row">
              <ClassChip classId={stack.named ?? 0} name={name(stack.named ?? 0)} />
              <span className="number small">{counted(stack.count, "image")}</span>
            </li>
          ))}
        </ul>
      )}
      {stacks.length > 0 ? (
        <ul ref={list} className="stacks-grid">
          {stacks.map((stack, at) => (
            <StackCard
              key={stack.id}
              slug={slug}
              stack={stack}
              number={at + 1}
              focused={stack.id === state.focus}
              open={state.open?.id === stack.id ? state.open.at : null}
              leftOut={state.leftOut.get(stack.id)}
              proposed={stack.nearest !== null && batch.new_classes.includes(stack.nearest) ? name(stack.nearest) : ""}
              className={name}
              act={act}
            />
          ))}
        </ul>
      ) : (
        <p className="stacks-none quiet">
          {batch.asked === 0 && !last
            ? "None yet: the first answers show what is new, and its like is gathered here."
            : "No stack is left. What the next answers bring up is gathered here."}
        </p>
      )}
      <datalist id="triage-classes">
        {active.map((one) => (
          <option key={one.id} value={one.name} />
        ))}
      </datalist>
      {helpOpen && <KeySheet page="triage" classes={active} keys={keys} close={() => setHelpOpen(false)} />}
    </section>
  );
}

function fieldOf(list: HTMLElement | null, id: string | null): HTMLInputElement | undefined {
  return [...(list?.querySelectorAll<HTMLInputElement>("input[data-name]") ?? [])].find(
    (one) => one.dataset.name === id,
  );
}

/** Columns of the grid the keys move in: the images of the open stack, else the stacks. */
function columnsOf(list: HTMLElement | null): number {
  const grid = list?.querySelector(".opened-grid") ?? list;
  return grid ? getComputedStyle(grid).gridTemplateColumns.split(" ").length : 1;
}

/** What the keys are about stays in sight. */
function useInSight(
  list: React.RefObject<HTMLElement | null>,
  focus: string | null,
  open: { id: string; at: number } | null,
): void {
  const shown = useRef<string | null>(null);
  const now = `${focus} ${open?.at ?? ""}`;
  useEffect(() => {
    // Not on arrival: the alarm comes first.
    const before = shown.current;
    shown.current = now;
    if (before === null || before === now || before.startsWith("null")) return;
    const here = list.current?.querySelector("[data-here]") ?? list.current?.querySelector("[data-focused]");
    here?.scrollIntoView({ block: "nearest" });
  }, [list, now]);
}
