// A square thumbnail of an item.
import { thumbUrl } from "../api/client";

interface Props {
  slug: string;
  itemId: number;
  /** What a screen reader says; empty when a caption beside it says it already. */
  alt: string;
  size?: number;
  sha256?: string;
  className?: string;
}

export function Thumb({ slug, itemId, alt, size = 256, sha256, className }: Props) {
  return (
    <img
      className={className ? `thumb ${className}` : "thumb"}
      src={thumbUrl(slug, itemId, size, sha256)}
      alt={alt}
      loading="lazy"
      decoding="async"
      draggable={false}
    />
  );
}
