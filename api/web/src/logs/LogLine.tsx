// SPDX-License-Identifier: GPL-3.0-or-later
// How does one line of a log look? Text nodes in spans; what it says is never markup.
import { memo } from "react";
import { parseLine } from "./ansi";
import classes from "./Log.module.css";
import type { Line } from "./log-lines";

interface LogLineProps {
  line: Line;
  number: number | null;
  isMarked: boolean;
  wanted: string;
  linkLabel: string;
  onLink: (line: Line) => void;
}

export const LogLine = memo(function LogLine(props: LogLineProps) {
  const { line, number, isMarked, wanted, linkLabel, onLink } = props;
  const { spans } = parseLine(line.text, line.style);
  return (
    <div
      className={classes.line}
      data-type={line.type}
      data-marked={isMarked || undefined}
      data-at={line.at}
    >
      <button
        type="button"
        className={classes.number}
        tabIndex={-1}
        aria-label={`${linkLabel} ${number ?? line.at}`}
        onClick={() => onLink(line)}
      >
        {line.isContinued ? "↳" : (number ?? "·")}
      </button>
      <span className={classes.text}>
        {spans.map((span, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: spans of a line never move
          <span key={index} className={span.classes || undefined}>
            {wanted ? <Highlighted text={span.text} wanted={wanted} /> : span.text}
          </span>
        ))}
      </span>
    </div>
  );
});

function Highlighted({ text, wanted }: { text: string; wanted: string }) {
  const parts: React.ReactNode[] = [];
  const lower = text.toLowerCase();
  const search = wanted.toLowerCase();
  let from = 0;
  for (;;) {
    // Lower case may be longer than the text: then nothing is marked rather than the wrong thing.
    const at = lower.length === text.length ? lower.indexOf(search, from) : -1;
    if (at < 0) break;
    parts.push(text.slice(from, at), <mark key={at}>{text.slice(at, at + search.length)}</mark>);
    from = at + search.length;
  }
  return [...parts, text.slice(from)];
}
