// How the board looks: brightness, contrast, turning, crosshair; and how drawing behaves: smallest size, snapping, brush.
import { Button } from "../../parts/Button";
import { type BenchSettings, PLAIN } from "./boardSettings";
import { KeyButton } from "./KeyButton";

interface Props {
  settings: BenchSettings;
  change: (part: Partial<BenchSettings>) => void;
  rotate: () => void;
  close: () => void;
}

export function Look({ settings, change, rotate, close }: Props) {
  const plain = settings.brightness === 1 && settings.contrast === 1;
  return (
    <section
      className="look"
      aria-label="View"
      onKeyDown={(event) => {
        if (event.key === "Escape") close();
      }}
    >
      <Slider
        label="Brightness"
        value={settings.brightness}
        from={0.2}
        to={3}
        onChange={(brightness) => change({ brightness })}
      />
      <Slider
        label="Contrast"
        value={settings.contrast}
        from={0.2}
        to={4}
        onChange={(contrast) => change({ contrast })}
      />
      <div className="row">
        <Button disabled={plain} onClick={() => change({ brightness: PLAIN.brightness, contrast: PLAIN.contrast })}>
          As it is
        </Button>
        <KeyButton action="rotate" onClick={rotate}>
          Turn
        </KeyButton>
      </div>
      <Tick
        label="Crosshair over the whole image"
        on={settings.crosshair}
        onChange={(crosshair) => change({ crosshair })}
      />
      <Tick label="Snap to the edges of neighbours" on={settings.snap} onChange={(snap) => change({ snap })} />
      <Numbered
        label="Smallest side"
        value={settings.minSize}
        least={0}
        most={1000}
        onChange={(minSize) => change({ minSize })}
      />
      <Numbered
        label="Brush"
        value={settings.brushSize}
        least={1}
        most={1000}
        onChange={(brushSize) => change({ brushSize })}
      />
      <Button look="plain" onClick={close}>
        Close
      </Button>
    </section>
  );
}

interface SliderProps {
  label: string;
  value: number;
  from: number;
  to: number;
  onChange: (value: number) => void;
}

function Slider({ label, value, from, to, onChange }: SliderProps) {
  return (
    <label className="bench-slider">
      <span>{label}</span>
      <input
        type="range"
        min={from}
        max={to}
        step={0.05}
        value={value}
        onChange={(event) => onChange(Number(event.target.value))}
      />
      <output className="number">{Math.round(value * 100)}%</output>
    </label>
  );
}

function Tick({ label, on, onChange }: { label: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <label className="tick">
      <input type="checkbox" checked={on} onChange={(event) => onChange(event.target.checked)} />
      <span>{label}</span>
    </label>
  );
}

interface NumberedProps {
  label: string;
  value: number;
  least: number;
  most: number;
  onChange: (value: number) => void;
}

function Numbered({ label, value, least, most, onChange }: NumberedProps) {
  return (
    <label className="look-number">
      <span>{label}</span>
      <input
        className="input"
        type="number"
        min={least}
        max={most}
        value={value}
        onChange={(event) => {
          const typed = Number(event.target.value);
          if (event.target.value !== "" && typed >= least && typed <= most) onChange(typed);
        }}
      />
      <span className="quiet">pixels</span>
    </label>
  );
}
