// SPDX-License-Identifier: GPL-3.0-or-later
// What does everybody choose for themselves? Light or dark, and the language.
import { ActionIcon, Button, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useLanguage } from "../i18n/language";
import { Icon } from "./icons";

export function SchemeChoice() {
  const { t } = useLanguage();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  return (
    <ActionIcon
      variant="subtle"
      size="lg"
      color="gray"
      aria-label={t(scheme === "dark" ? "shell.to-light" : "shell.to-dark")}
      onClick={() => setColorScheme(scheme === "dark" ? "light" : "dark")}
    >
      <Icon name={scheme === "dark" ? "sun" : "moon"} />
    </ActionIcon>
  );
}

export function LanguageChoice() {
  const { language, choose } = useLanguage();
  return (
    <Button
      variant="subtle"
      color="gray"
      size="compact-md"
      lang={language === "en" ? "zh-CN" : "en"}
      onClick={() => choose(language === "en" ? "zh" : "en")}
    >
      {language === "en" ? "中文" : "English"}
    </Button>
  );
}
