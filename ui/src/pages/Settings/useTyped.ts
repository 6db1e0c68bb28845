// A text that saves itself a moment after the last key, when it is left, and when the page is left. What is wrong is kept, not sent.
import { useEffect, useRef, useState } from "react";

interface Options {
  /** What is stored now. */
  saved: string;
  check: (text: string) => string | null;
  save: (text: string) => void;
}

const WAIT_MS = 700;

export function useTyped({ saved, check, save }: Options) {
  const [typed, setTyped] = useState<string | null>(null);
  const timer = useRef(0);
  // The newest closure, for the timer and for the moment the page is left.
  const flush = useRef(() => {});
  const text = typed ?? saved;
  const problem = check(text);
  flush.current = () => {
    window.clearTimeout(timer.current);
    if (typed !== null && problem === null && typed !== saved) save(typed);
  };
  useEffect(() => () => flush.current(), []);

  return {
    text,
    problem: typed === null ? null : problem,
    change: (now: string) => {
      setTyped(now);
      window.clearTimeout(timer.current);
      timer.current = window.setTimeout(() => flush.current(), WAIT_MS);
    },
    /** When the field is left: what is right is saved and shown as it is stored, what is wrong stays to be corrected. */
    leave: () => {
      flush.current();
      if (problem === null) setTyped(null);
    },
  };
}
