// How many items lie on a page: what suits the class, or a number somebody prefers.

const SIZES = [12, 24, 60, 120, 200];

interface Props {
  chosen: number | null;
  suits: number;
  choose: (size: number | null) => void;
}

export function PageSize({ chosen, suits, choose }: Props) {
  return (
    <label className="page-size small">
      <span className="quiet">A page</span>
      <select
        value={chosen ?? ""}
        title="The suggested size lets one or two wrong ones be expected on a page"
        onChange={(event) => {
          choose(event.target.value === "" ? null : Number(event.target.value));
          event.target.blur(); // the grid's keys go on
        }}
      >
        <option value="">as suits: {suits}</option>
        {SIZES.map((size) => (
          <option key={size} value={size}>
            {size}
          </option>
        ))}
      </select>
    </label>
  );
}
