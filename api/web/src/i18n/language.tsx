// SPDX-License-Identifier: GPL-3.0-or-later
// In which language does the interface speak? The browser's, until somebody chooses another one.
import { createContext, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { en, type Key } from "./en";
import { zh } from "./zh";

export type Language = "en" | "zh";
export type Values = Record<string, string | number>;
export type Translate = (key: Key, values?: Values) => string;

const STORED = "myx-language";
const TEXTS: Record<Language, Record<Key, string>> = { en, zh };

interface Speech {
  language: Language;
  choose: (language: Language) => void;
  t: Translate;
}

const Context = createContext<Speech | null>(null);

/** Put values into a text: `{name}` stands for the value of that name. */
export function fill(text: string, values: Values = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

function findLanguage(): Language {
  const stored = localStorage.getItem(STORED);
  if (stored === "en" || stored === "zh") return stored;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function LanguageProvider({ children }: { children: React.ReactNode }) {
  const [language, setLanguage] = useState(findLanguage);
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  }, [language]);
  const choose = useCallback((chosen: Language) => {
    localStorage.setItem(STORED, chosen);
    setLanguage(chosen);
  }, []);
  const t = useCallback<Translate>((key, values) => fill(TEXTS[language][key], values), [language]);
  const speech = useMemo(() => ({ language, choose, t }), [language, choose, t]);
  return <Context value={speech}>{children}</Context>;
}

export function useLanguage(): Speech {
  const speech = useContext(Context);
  if (speech === null) throw new Error("no LanguageProvider above");
  return speech;
}

export function useText(): Translate {
  return useLanguage().t;
}
