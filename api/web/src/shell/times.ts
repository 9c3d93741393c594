// SPDX-License-Identifier: GPL-3.0-or-later
// How are times, spans and sizes told?
import { useEffect, useState } from "react";
import type { Language } from "../i18n/language";

const LOCALES: Record<Language, string> = { en: "en-GB", zh: "zh-CN" };

/** A point in time as the viewer's clock shows it; the day is left out where it is today. */
export function tellTime(timestamp: string | null | undefined, language: Language): string {
  if (!timestamp) return "";
  const time = new Date(timestamp);
  const isToday = time.toDateString() === new Date().toDateString();
  return time.toLocaleString(LOCALES[language], {
    ...(isToday ? {} : { year: "numeric", month: "short", day: "numeric" }),
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
}

/** Seconds in at most two units. */
export function tellSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? `${hours} h ${minutes % 60} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

interface Timed {
  started_at: string | null;
  finished_at: string | null;
}

export function tellDuration(timed: Timed, now: number): string {
  if (!timed.started_at) return "";
  const end = timed.finished_at ? Date.parse(timed.finished_at) : now;
  return tellSeconds(Math.max(0, (end - Date.parse(timed.started_at)) / 1000));
}

export function tellAgo(timestamp: string, now: number, language: Language): string {
  const seconds = (Date.parse(timestamp) - now) / 1000;
  const format = new Intl.RelativeTimeFormat(LOCALES[language], { numeric: "auto" });
  const size = Math.abs(seconds);
  if (size < 60) return format.format(Math.round(seconds), "second");
  if (size < 3600) return format.format(Math.round(seconds / 60), "minute");
  if (size < 86_400) return format.format(Math.round(seconds / 3600), "hour");
  return format.format(Math.round(seconds / 86_400), "day");
}

export function tellBytes(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

/** The present time, which moves on by itself while `isRunning`. */
export function useNow(isRunning = true): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isRunning]);
  return now;
}
