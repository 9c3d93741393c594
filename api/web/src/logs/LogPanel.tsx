// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with a log? Follow it, search it, go anywhere in it, share a line, take it along.
import { Alert, Group, Paper, Slider, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { ApiError } from "../api/client";
import type { Execution } from "../api/types";
import { useLanguage } from "../i18n/language";
import { tellBytes, tellTime } from "../shell/times";
import classes from "./LogPanel.module.css";
import { LogToolbar } from "./LogToolbar";
import { LogView } from "./LogView";
import { LogReader } from "./log-reader";
import { CHUNK_BYTES, LogSource, type Wanted } from "./log-source";

interface LogPanelProps {
  execution: Execution;
  isEnded: boolean;
  /** Offset of the line that the address points at. */
  at: number | null;
  onPlace: (at: number | null) => void;
}

export function LogPanel({ execution, isEnded, at, onPlace }: LogPanelProps) {
  const { t, language } = useLanguage();
  const { source, reader, shown } = useLog(execution, at);
  const [isFollowing, setFollowing] = useState(at === null);
  const [wraps, setWraps] = useState(false);
  const [wanted, setWanted] = useState("");
  const goTo = useCallback(
    (offset: number) => {
      setFollowing(false);
      const { window } = reader.get();
      if (offset < window.start || offset >= window.end) reader.open(offset, true);
      onPlace(offset);
    },
    [reader, onPlace],
  );
  const search = useSearch(source, reader, at, goTo);
  const lineNumber = readLineNumber(wanted);
  const follow = useCallback(() => {
    const { window, size } = reader.get();
    if (window.end + CHUNK_BYTES < size) reader.openEnd();
    onPlace(null);
    setFollowing(true);
  }, [reader, onPlace]);

  if (execution.log_removed_at)
    return (
      <Alert>{t("log.removed", { time: tellTime(execution.log_removed_at, language) })}</Alert>
    );
  const isEmpty = shown.isComplete && shown.window.count === 0;
  return (
    <Paper withBorder className={classes.panel}>
      <LogToolbar
        wanted={wanted}
        onWanted={setWanted}
        onFind={(isBackward) => {
          if (lineNumber !== null) search.goToLine(lineNumber);
          else if (wanted) search.find({ text: wanted }, isBackward);
        }}
        onFirstFailure={() => search.find({ failures: true }, false)}
        searching={search.progress}
        onStop={search.stop}
        isFollowing={isFollowing}
        onFollow={follow}
        wraps={wraps}
        onWrap={() => setWraps((before) => !before)}
        onDownload={() => void source.download(`run-${execution.run_id}-${execution.host}.log`)}
      />
      {shown.error && <Alert color="red">{shown.error.message}</Alert>}
      {isEmpty ? (
        <Text p="md" c="dimmed" className={classes.empty}>
          {t("log.empty")}
        </Text>
      ) : (
        <LogView
          key={shown.opening}
          reader={reader}
          shown={shown}
          isFollowing={isFollowing && !(shown.isComplete && at !== null)}
          onFollow={setFollowing}
          wraps={wraps}
          wanted={lineNumber === null ? wanted : ""}
          marked={at}
          onLink={(line) => goTo(line.at)}
        />
      )}
      <Group className={classes.status} gap="sm" wrap="nowrap">
        <Text size="xs" className="tabular" role="status">
          {t(!shown.isConnected ? "error.reconnecting" : isEnded ? "log.ended" : "log.live")} ·{" "}
          {tellBytes(shown.size)}
        </Text>
        {shown.size > CHUNK_BYTES && (
          <PlaceSlider
            size={shown.size}
            start={shown.window.start}
            label={t("log.place")}
            onPlace={(offset) => {
              setFollowing(false);
              onPlace(null);
              reader.open(offset, false);
            }}
          />
        )}
      </Group>
    </Paper>
  );
}

function useLog(execution: Execution, at: number | null) {
  const source = useMemo(() => new LogSource(execution.id), [execution.id]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the size only says where to begin
  const reader = useMemo(() => new LogReader(source, execution.log_bytes), [source]);
  const shown = useSyncExternalStore(reader.subscribe, reader.get);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the place only says where to begin
  useEffect(() => {
    if (!execution.log_removed_at) {
      if (at === null) reader.openEnd();
      else reader.open(at, true);
    }
    return () => reader.close();
  }, [reader]);
  return { source, reader, shown };
}

/** The line that `:120` asks for. */
function readLineNumber(wanted: string): number | null {
  const digits = /^:(\d{1,15})$/.exec(wanted.trim())?.[1];
  return digits ? Math.max(1, Number(digits)) : null;
}

function useSearch(
  source: LogSource,
  reader: LogReader,
  at: number | null,
  goTo: (offset: number) => void,
) {
  const { t } = useLanguage();
  const [stop, setStop] = useState<AbortController | null>(null);
  const [progress, setProgress] = useState<number | null>(null);
  useEffect(() => () => stop?.abort(), [stop]);

  type Look = (signal: AbortSignal, tell: (share: number) => void) => Promise<number | null>;

  async function look(forIt: Look) {
    stop?.abort();
    const control = new AbortController();
    setStop(control);
    setProgress(0);
    try {
      const tell = (share: number) => setProgress(Math.round(share * 100));
      const found = await forIt(control.signal, tell);
      if (control.signal.aborted) return;
      if (found === null) notifications.show({ message: t("log.not-found") });
      else goTo(found);
    } catch (error) {
      if (!control.signal.aborted) {
        const message = error instanceof ApiError ? error.message : t("error.unreachable");
        notifications.show({ color: "red", message });
      }
    } finally {
      if (!control.signal.aborted) setProgress(null);
    }
  }

  function find(wanted: Wanted, isBackward: boolean) {
    const { window, size } = reader.get();
    const marked = at === null ? undefined : window.line(window.indexOf(at));
    const behind = wanted.failures ? 0 : (marked?.end ?? 0);
    const from = isBackward ? (marked?.at ?? size) : behind;
    const span = Math.max(1, isBackward ? from : size - from);
    void look((signal, tell) =>
      source.find({
        wanted,
        isBackward,
        from,
        signal,
        onProgress: (offset) => tell(Math.abs(offset - from) / span),
      }),
    );
  }

  function goToLine(line: number) {
    const { size } = reader.get();
    void look(async (signal, tell) => {
      const tellOffset = (offset: number) => tell(offset / Math.max(1, size));
      return (await source.locate({ line }, signal, tellOffset)).offset;
    });
  }

  return {
    find,
    goToLine,
    progress,
    stop: () => {
      stop?.abort();
      setProgress(null);
    },
  };
}

interface PlaceSliderProps {
  size: number;
  start: number;
  label: string;
  onPlace: (offset: number) => void;
}

/** Goes to any place of a log that is too long to be scrolled through. */
function PlaceSlider({ size, start, label, onPlace }: PlaceSliderProps) {
  const [chosen, setChosen] = useState<number | null>(null);
  return (
    <Slider
      flex={1}
      size="sm"
      min={0}
      max={size}
      step={Math.max(1, Math.floor(size / 1000))}
      value={chosen ?? start}
      label={(value) => tellBytes(value)}
      thumbLabel={label}
      onChange={setChosen}
      onChangeEnd={(offset) => {
        setChosen(null);
        onPlace(offset);
      }}
    />
  );
}
