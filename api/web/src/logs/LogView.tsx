// SPDX-License-Identifier: GPL-3.0-or-later
// How is a log read on a screen? Like a terminal: it follows the end until somebody scrolls up.
import { useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import { useCallback, useLayoutEffect, useRef } from "react";
import { useText } from "../i18n/language";
import classes from "./Log.module.css";
import { LogLine } from "./LogLine";
import type { Line } from "./log-lines";
import type { LogReader, Shown } from "./log-reader";

export const ROW_PX = 20;
const NEAR_ROWS = 200;
const AT_END_PX = 30;

type Rows = Virtualizer<HTMLDivElement, Element>;

interface LogViewProps {
  reader: LogReader;
  shown: Shown;
  isFollowing: boolean;
  onFollow: (isFollowing: boolean) => void;
  wraps: boolean;
  wanted: string;
  /** Offset of the line that is pointed at, and scrolled to when it changes. */
  marked: number | null;
  onLink: (line: Line) => void;
}

export function LogView(props: LogViewProps) {
  const { reader, shown, isFollowing, onFollow, wraps, wanted, marked, onLink } = props;
  const t = useText();
  const box = useRef<HTMLDivElement>(null);
  const { window } = shown;
  // Made anew only when the lines change: all rows are laid out again then.
  const getItemKey = useCallback(
    (index: number) => `${shown.opening}:${shown.window.line(index)?.at ?? index}`,
    [shown],
  );
  const rows = useVirtualizer({
    count: window.count,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    getItemKey,
    overscan: 30,
  });
  const notePlace = useKeptPlace(box, rows, shown, isFollowing);
  const centre = (index: number) => {
    if (wraps) rows.scrollToIndex(index, { align: "center" });
  };
  useScrollTo(box, shown, marked, centre, notePlace);
  useWanted(box, shown, reader);

  const lastTop = useRef(0);
  const onScroll = useCallback(() => {
    const element = box.current;
    if (element === null) return;
    const left = element.scrollHeight - element.scrollTop - element.clientHeight;
    const isUp = element.scrollTop < lastTop.current;
    const isDown = element.scrollTop > lastTop.current;
    lastTop.current = element.scrollTop;
    notePlace();
    if (left < AT_END_PX && isDown) onFollow(true);
    else if (isUp && left >= AT_END_PX) onFollow(false);
    if (left < NEAR_ROWS * ROW_PX) reader.want();
    if (element.scrollTop < NEAR_ROWS * ROW_PX) void reader.readBefore();
  }, [reader, onFollow, notePlace]);

  return (
    <section
      ref={box}
      className={classes.log}
      data-wraps={wraps || undefined}
      onScroll={onScroll}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
      aria-label={t("log.label")}
    >
      <div className={classes.lines} style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map((row) => {
          const line = window.line(row.index);
          if (line === undefined) return null;
          return (
            <div
              key={row.key}
              data-index={row.index}
              ref={wraps ? rows.measureElement : undefined}
              className={classes.row}
              style={{ transform: `translateY(${row.start}px)` }}
            >
              <LogLine
                line={line}
                number={window.numberOf(line)}
                isMarked={marked !== null && marked >= line.at && marked < line.end}
                wanted={wanted}
                linkLabel={t("log.link-line")}
                onLink={onLink}
              />
            </div>
          );
        })}
      </div>
    </section>
  );
}

interface Anchor {
  /** Offset of the line at the top of the screen. */
  at: number;
  /** How far its beginning is above the top. */
  hiddenPx: number;
}

/** Stay at the end while following, and at the same line where lines come or go above. */
function useKeptPlace(
  box: React.RefObject<HTMLDivElement | null>,
  rows: Rows,
  shown: Shown,
  isFollowing: boolean,
): () => void {
  const anchor = useRef<Anchor | null>(null);
  const opening = useRef(-1);
  const { window } = shown;
  const note = useCallback(() => {
    const element = box.current;
    const row = element === null ? undefined : rows.getVirtualItemForOffset(element.scrollTop);
    const line = row === undefined ? undefined : window.line(row.index);
    if (element === null || row === undefined || line === undefined) return;
    anchor.current = { at: line.at, hiddenPx: element.scrollTop - row.start };
  }, [box, rows, window]);
  useLayoutEffect(() => {
    const element = box.current;
    const isSame = opening.current === shown.opening;
    opening.current = shown.opening;
    if (element === null) return;
    if (isFollowing) element.scrollTop = element.scrollHeight;
    else if (!isSame) element.scrollTop = 0;
    else if (anchor.current !== null && window.count > 0) {
      const row = rows.measurementsCache[window.indexOf(anchor.current.at)];
      const top = (row?.start ?? 0) + anchor.current.hiddenPx;
      if (Math.abs(element.scrollTop - top) > 1) element.scrollTop = top;
    }
    note();
  }, [box, rows, window, shown, isFollowing, note]);
  return note;
}

/** Read on, after what came was drawn, where its end or its beginning is in sight. */
function useWanted(
  box: React.RefObject<HTMLDivElement | null>,
  shown: Shown,
  reader: LogReader,
): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: each change of what is shown counts
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const left = element.scrollHeight - element.scrollTop - element.clientHeight;
    if (left < NEAR_ROWS * ROW_PX) reader.want();
    if (element.scrollTop < NEAR_ROWS * ROW_PX) void reader.readBefore();
  }, [box, shown, reader]);
}

/** Scroll to the line that is pointed at, once, as soon as it is there. */
function useScrollTo(
  box: React.RefObject<HTMLDivElement | null>,
  shown: Shown,
  marked: number | null,
  adjust: (index: number) => void,
  notePlace: () => void,
): void {
  const done = useRef("");
  useLayoutEffect(() => {
    if (marked === null) return;
    const wish = `${shown.opening}:${marked}`;
    const { window } = shown;
    if (done.current === wish || marked < window.start || marked >= window.end) return;
    done.current = wish;
    const element = box.current;
    const index = window.indexOf(marked);
    if (element !== null) element.scrollTop = index * ROW_PX - element.clientHeight / 2;
    adjust(index);
    notePlace();
  });
}
