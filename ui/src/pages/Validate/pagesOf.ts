// The Validate pages of this tab, one set a project: leaving and coming back finds the page as it was.
import { api, unwrap } from "../../api/client";
import { outbox } from "../../api/outbox";
import { tabName } from "../../api/tab";
import { Pages } from "../../model/pages";

const known = new Map<string, Pages>();

export function pagesFor(slug: string): Pages {
  const before = known.get(slug);
  if (before) return before;
  const pages = new Pages(
    slug,
    (wanted) =>
      unwrap(
        api.POST("/api/projects/{slug}/validate/page", {
          params: { path: { slug } },
          body: { ...wanted, client: tabName },
        }),
      ),
    outbox,
  );
  known.set(slug, pages);
  return pages;
}

const drawn = new Map<string, Pages>();

/** The pages of whole images, where shapes are drawn: the class a page has is of no meaning there. */
export function imagePagesFor(slug: string): Pages {
  const before = drawn.get(slug);
  if (before) return before;
  const pages = new Pages(
    slug,
    ({ above, size }) =>
      unwrap(
        api.POST("/api/projects/{slug}/validate/images", {
          params: { path: { slug } },
          body: { above, size: Math.min(size, 200), client: tabName },
        }),
      ),
    outbox,
  );
  drawn.set(slug, pages);
  return pages;
}
