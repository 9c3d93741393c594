// SPDX-License-Identifier: GPL-3.0-or-later
// Where does a list remember what was asked of it? In the address, so that it can be shared.
import { useCallback } from "react";
import { useSearchParams } from "react-router";

type Changes = Record<string, string | number | null | undefined>;

export interface ListState {
  page: number;
  get: (name: string) => string;
  getAll: (name: string) => string[];
  /** Change filters; the list begins at its first page again unless `page` is among them. */
  set: (changes: Changes) => void;
  setAll: (name: string, values: string[]) => void;
}

export function useListState(): ListState {
  const [parameters, setParameters] = useSearchParams();
  const set = useCallback(
    (changes: Changes) =>
      setParameters(
        (before) => {
          const next = new URLSearchParams(before);
          if (!("page" in changes)) next.delete("page");
          for (const [name, value] of Object.entries(changes)) {
            if (value === null || value === undefined || value === "") next.delete(name);
            else next.set(name, String(value));
          }
          return next;
        },
        { replace: true },
      ),
    [setParameters],
  );
  const setAll = useCallback(
    (name: string, values: string[]) =>
      setParameters(
        (before) => {
          const next = new URLSearchParams(before);
          next.delete("page");
          next.delete(name);
          for (const value of values) next.append(name, value);
          return next;
        },
        { replace: true },
      ),
    [setParameters],
  );
  return {
    page: Math.max(1, Number(parameters.get("page") ?? 1) || 1),
    get: (name) => parameters.get(name) ?? "",
    getAll: (name) => parameters.getAll(name),
    set,
    setAll,
  };
}
