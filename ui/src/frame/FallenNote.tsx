// A line on every page of a project whose certificate was revoked: what happened, why, and where to look; until it is put away.
import { useState } from "react";
import { Link } from "wouter";
import { useProject } from "../api/queries";
import { fallenSaid } from "../model/certificates";
import { Button } from "../parts/Button";

interface Props {
  slug: string;
  page: string;
}

/** It comes with the project, which live events keep fresh. */
export function FallenNote({ slug, page }: Props) {
  const fallen = useProject(slug).data?.fallen ?? null;
  const key = `modicum.fallen/${slug}`;
  const [seen, setSeen] = useState(() => Number(localStorage.getItem(key)));
  const shown = fallen !== null && fallen.number > seen && page !== "certificates" ? fallen : null;
  const putAway = (number: number) => {
    setSeen(number);
    try {
      localStorage.setItem(key, String(number));
    } catch {
      // It comes back after a reload, and nothing is lost.
    }
    document.getElementById("main")?.focus({ preventScroll: true });
  };
  return (
    <div role="status">
      {shown && (
        <div className="fallen-note">
          <p>
            <strong>Certificate {shown.number} was revoked.</strong> {fallenSaid(shown)}
          </p>
          <span className="row">
            <Link href={`/p/${slug}/certificates`}>See the certificate</Link>
            <Button
              look="plain"
              aria-label={`Put away: certificate ${shown.number} was revoked`}
              onClick={() => putAway(shown.number)}
            >
              Put away
            </Button>
          </span>
        </div>
      )}
    </div>
  );
}
