// How far something is; without a known end it says only that it runs.
interface Props {
  label: string;
  done: number;
  /** 0 while it is not known. */
  total: number;
}

export function ProgressBar({ label, done, total }: Props) {
  const share = total > 0 ? Math.min(1, done / total) : null;
  return (
    <div
      className="progress-bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share === null ? undefined : Math.round(share * 100)}
      data-unknown={share === null || undefined}
    >
      <span style={{ width: share === null ? undefined : `${share * 100}%` }} />
    </div>
  );
}
