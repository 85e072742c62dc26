/// <reference lib="dom" />
/** A list of any length, of which only the rows that are seen are drawn. */
import type { ComponentChildren, HTMLAttributes, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const SPARE_ROWS = 8; // above and below what is seen
const MAX_HEIGHT = 8_000_000; // pixels, which every browser can lay out

/** Rows that may be drawn: from one to before another. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** A row to scroll to. */
export interface Target {
  readonly row: number;
}

/** How a {@linkcode VirtualRows} is drawn. */
export interface VirtualRowsProps {
  readonly count: number;
  /** Pixels. */
  readonly rowHeight: number;
  readonly render: (range: RowRange) => ComponentChildren;
  /** A row that is to be seen; each new object scrolls to it. */
  readonly target?: Target | undefined;
  /** How many rows were before these, and are no longer: what is seen stays where it is. */
  readonly before?: number;
  /** Whether the last row stays in sight as rows are added. */
  readonly follows?: boolean;
  /** Called when somebody has scrolled away from the end, or back to it. */
  readonly onFollow?: (follows: boolean) => void;
  /** What stays above the rows. */
  readonly head?: ComponentChildren;
  /** The attributes of the element that scrolls. */
  readonly attributes: HTMLAttributes<HTMLDivElement>;
}

/** The rows that are seen, in an element that scrolls. */
export function VirtualRows(
  { count, rowHeight, render, target, before = 0, follows = false, onFollow, head, attributes }:
    VirtualRowsProps,
): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const spacer = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600 });
  const height = Math.min(count * rowHeight, MAX_HEIGHT);
  // Where there is no room for all of them, a pixel stands for several.
  const scale = count * rowHeight / (height || 1);
  const measure = () => {
    if (!scroller.current) return;
    const { scrollTop: top, clientHeight: height } = scroller.current;
    setView((before) => before.top === top && before.height === height ? before : { top, height });
  };
  useEffect(() => {
    const observer = new ResizeObserver(measure);
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    if (follows) scroller.current!.scrollTop = height;
  }, [follows, height]);
  const dropped = useRef(before);
  useLayoutEffect(() => {
    const rows = before - dropped.current;
    dropped.current = before;
    if (rows > 0 && !follows) scroller.current!.scrollTop -= rows * rowHeight / scale;
  }, [before]);
  useLayoutEffect(() => {
    if (target === undefined) return;
    const { scrollTop, clientHeight } = scroller.current!;
    const at = target.row * rowHeight / scale;
    const seen = clientHeight - spacer.current!.offsetTop; // below the head, which stays
    if (at >= scrollTop && at + rowHeight <= scrollTop + seen) return;
    scroller.current!.scrollTop = at - seen / 2;
  }, [target]);
  const first = Math.floor(view.top * scale / rowHeight);
  const from = Math.max(0, first - SPARE_ROWS);
  const to = Math.min(count, first + Math.ceil(view.height / rowHeight) + SPARE_ROWS);
  const shift = Math.max(0, view.top - (first - from) * rowHeight);
  const scrolled = () => {
    if (!scroller.current) return;
    measure();
    const { scrollTop, clientHeight, scrollHeight } = scroller.current;
    onFollow?.(scrollTop + clientHeight >= scrollHeight - rowHeight);
  };
  const exact = scale > 1 ? shift : from * rowHeight;
  return (
    <div {...attributes} ref={scroller} onScroll={scrolled}>
      {head}
      <div ref={spacer} role="presentation" class="spacer" style={{ height: `${height}px` }}>
        <div
          role={attributes.role === "grid" ? "rowgroup" : "presentation"}
          style={{ transform: `translateY(${exact}px)` }}
        >
          {render({ from, to })}
        </div>
      </div>
    </div>
  );
}
