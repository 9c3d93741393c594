// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with a log? Follow it, search it, go anywhere in it, share a line, take it along.
import { Alert, Group, Paper, Slider, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import type { Execution } from "../api/types";
import { useLanguage } from "../i18n/language";
import { tellBytes, tellTime } from "../shell/times";
import classes from "./LogPanel.module.css";
import { LogToolbar } from "./LogToolbar";
import { LogView } from "./LogView";
import { LogReader } from "./log-reader";
import {
  contains,
  findBackward,
  findForward,
  isFailure,
  isIgnored,
  type Matches,
} from "./log-search";
import { CHUNK_BYTES, LogSource } from "./log-source";

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
  const search = useSearch(source, shown.size, goTo);
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
          if (wanted)
            search.find(contains(wanted), isBackward, at ?? (isBackward ? shown.size : -1));
        }}
        onFirstFailure={() => search.find(isFailure, false, -1, isIgnored)}
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
          wanted={wanted}
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

function useSearch(source: LogSource, size: number, goTo: (offset: number) => void) {
  const { t } = useLanguage();
  const [stop, setStop] = useState<AbortController | null>(null);
  const [progress, setProgress] = useState<number | null>(null);
  useEffect(() => () => stop?.abort(), [stop]);

  async function find(matches: Matches, isBackward: boolean, from: number, unlessNext?: Matches) {
    stop?.abort();
    const control = new AbortController();
    setStop(control);
    setProgress(0);
    const onProgress = (at: number, of: number) =>
      setProgress(Math.round(((isBackward ? of - at : at) / Math.max(of, 1)) * 100));
    try {
      const signal = control.signal;
      const search = { source, matches, unlessNext, signal, onProgress };
      const found = isBackward
        ? await findBackward({ ...search, from: Math.min(from, size) })
        : await findForward({ ...search, from: await nextLine(source, from, signal) });
      if (found === null) notifications.show({ message: t("log.not-found") });
      else goTo(found);
    } catch {
      if (!control.signal.aborted)
        notifications.show({ color: "red", message: t("error.unreachable") });
    } finally {
      if (!control.signal.aborted) setProgress(null);
    }
  }

  return {
    find: (...asked: Parameters<typeof find>) => void find(...asked),
    progress,
    stop: () => {
      stop?.abort();
      setProgress(null);
    },
  };
}

/** Where the line behind the one at `at` begins; before the first line stands -1. */
async function nextLine(source: LogSource, at: number, signal: AbortSignal): Promise<number> {
  if (at < 0) return 0;
  for (let offset = at; ; ) {
    const { bytes } = await source.read(offset, false, signal, 65_536);
    const newline = bytes.data.indexOf(10);
    if (newline >= 0) return bytes.offset + newline + 1;
    if (bytes.data.length === 0) return offset;
    offset += bytes.data.length;
  }
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
