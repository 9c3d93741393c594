// SPDX-License-Identifier: GPL-3.0-or-later
// How is a log read on a screen? Like a terminal: it follows the end until somebody scrolls up.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useLayoutEffect, useRef } from "react";
import { useText } from "../i18n/language";
import classes from "./Log.module.css";
import { LogLine } from "./LogLine";
import type { Line } from "./log-lines";
import type { LogReader, Shown } from "./log-reader";

export const ROW_PX = 20;
const NEAR_ROWS = 200;
const AT_END_PX = 30;

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
  useKeptPlace(box, shown, isFollowing);
  useScrollTo(box, shown, marked, (index) => {
    if (wraps) rows.scrollToIndex(index, { align: "center" });
  });
  useWanted(box, shown, reader);

  const lastTop = useRef(0);
  const onScroll = useCallback(() => {
    const element = box.current;
    if (element === null) return;
    const left = element.scrollHeight - element.scrollTop - element.clientHeight;
    const isUp = element.scrollTop < lastTop.current;
    const isDown = element.scrollTop > lastTop.current;
    lastTop.current = element.scrollTop;
    if (left < AT_END_PX && isDown) onFollow(true);
    else if (isUp && left >= AT_END_PX) onFollow(false);
    if (left < NEAR_ROWS * ROW_PX) reader.want();
    if (element.scrollTop < NEAR_ROWS * ROW_PX) void reader.readBefore();
  }, [reader, onFollow]);

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

/** Stay at the end while following, and at the same line where lines come or go above. */
function useKeptPlace(
  box: React.RefObject<HTMLDivElement | null>,
  shown: Shown,
  isFollowing: boolean,
): void {
  const before = useRef({ opening: -1, shifted: 0 });
  useLayoutEffect(() => {
    const element = box.current;
    const moved = shown.shifted - before.current.shifted;
    const isSame = before.current.opening === shown.opening;
    before.current = { opening: shown.opening, shifted: shown.shifted };
    if (element === null) return;
    if (isFollowing) element.scrollTop = element.scrollHeight;
    else if (!isSame) element.scrollTop = 0;
    else if (moved !== 0) element.scrollTop += moved * ROW_PX;
  });
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
  });
}
