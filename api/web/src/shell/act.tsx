// SPDX-License-Identifier: GPL-3.0-or-later
// How is something changed with one click? What went wrong is told in words.
import { notifications } from "@mantine/notifications";
import { ApiError } from "../api/client";
import { useText } from "../i18n/language";

/** Do something and tell in words what went wrong; answers whether it went well. */
export function useAct(): (doIt: () => Promise<unknown>) => Promise<boolean> {
  const t = useText();
  return async (doIt) => {
    try {
      await doIt();
      return true;
    } catch (error) {
      const message = error instanceof ApiError ? error.message : t("error.unreachable");
      notifications.show({ color: "red", title: t("error.refused"), message });
      return false;
    }
  };
}
