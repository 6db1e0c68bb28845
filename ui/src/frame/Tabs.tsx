// The pages of a project in the bar: all in a row where the window is wide, else the main four and a menu with the rest.
import { DropdownMenu } from "radix-ui";
import { useRef, useState, useSyncExternalStore } from "react";
import { Link } from "wouter";
import type { Wire } from "../api/client";

type Task = Wire["Schema"]["task"];

interface Page {
  path: string;
  label: string;
  /** In sight however narrow the window is. */
  main?: true;
  /** Speaks of classes of whole images: of no use where shapes are drawn. */
  classify?: true;
}

/** In the order of the work: label, see how it stands, data in and out. */
const GROUPS: readonly (readonly Page[])[] = [
  [
    { path: "annotate", label: "Annotate", main: true },
    { path: "validate", label: "Validate", main: true },
    { path: "triage", label: "Triage", classify: true },
    { path: "review", label: "Second look", classify: true },
  ],
  [
    { path: "progress", label: "Progress", main: true },
    { path: "certificates", label: "Auto-labels", classify: true },
    { path: "bill", label: "Bill" },
  ],
  [
    { path: "import", label: "Import" },
    { path: "export", label: "Export", main: true },
    { path: "settings", label: "Settings" },
  ],
];

/** Beside the person's mark in a wide window, in the menu of a narrow one. */
const MINE: Page = { path: "mine", label: "You" };

const ALL = [...GROUPS.flat(), MINE];
const MAIN = ALL.filter((page) => page.main);
const FURTHER = [...GROUPS, [MINE]].map((group) => group.filter((page) => !page.main));

function fitting(groups: readonly (readonly Page[])[], task: Task): readonly (readonly Page[])[] {
  return groups.map((group) => group.filter((page) => task === "classify" || !page.classify));
}

export function labelOf(path: string): string | undefined {
  return ALL.find((page) => page.path === path)?.label;
}

interface Props {
  slug: string;
  /** The path of the page one is on. */
  current: string;
  task: Task;
}

export function Tabs({ slug, current, task }: Props) {
  const narrow = useNarrow();
  const groups = fitting(narrow ? [MAIN] : GROUPS, task);
  return (
    <nav className="tabs" aria-label="Pages of this project">
      {groups.map((group) => (
        <div key={group[0]?.path} className="tabs-group">
          {group.map(({ path, label }) => (
            <Link
              key={path}
              href={`/p/${slug}/${path}`}
              aria-current={current === path ? "page" : undefined}
              // The tab of the page one is on takes no focus either.
              onMouseDown={(event) => event.preventDefault()}
            >
              {label}
            </Link>
          ))}
        </div>
      ))}
      {narrow && <Further slug={slug} current={current} task={task} />}
    </nav>
  );
}

function Further({ slug, current, task }: Props) {
  const [open, setOpen] = useState(false);
  // Gone to another page, that page takes the focus; closed otherwise, the button has it again.
  const left = useRef(false);
  const leave = () => {
    left.current = true;
    setOpen(false);
  };
  const here = FURTHER.flat().find((page) => page.path === current);
  return (
    <DropdownMenu.Root modal={false} open={open} onOpenChange={setOpen}>
      <DropdownMenu.Trigger className="tabs-more" aria-current={here ? "page" : undefined}>
        {here ? here.label : "More"}
        <span className="sr-only">{here ? "(more pages)" : "pages"}</span>
        <svg viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
          <path d="M2.5 4.5 6 8l3.5-3.5" />
        </svg>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          className="menu"
          sideOffset={4}
          collisionPadding={8}
          onCloseAutoFocus={(event) => {
            if (left.current) event.preventDefault();
            left.current = false;
          }}
        >
          {fitting(FURTHER, task).map((group) => (
            <DropdownMenu.Group key={group[0]?.path} className="menu-group">
              {group.map(({ path, label }) => (
                <DropdownMenu.Item key={path} asChild>
                  <Link
                    className="menu-item"
                    href={`/p/${slug}/${path}`}
                    aria-current={current === path ? "page" : undefined}
                    onClick={leave}
                  >
                    {label}
                  </Link>
                </DropdownMenu.Item>
              ))}
            </DropdownMenu.Group>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

const query = matchMedia("(max-width: 1199px)");

/** The row of all pages needs about 1,200 px; text at 200% halves what a window has. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (changed) => {
      query.addEventListener("change", changed);
      return () => query.removeEventListener("change", changed);
    },
    () => query.matches,
  );
}
