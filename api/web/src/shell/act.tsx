// SPDX-License-Identifier: GPL-3.0-or-later
// How is something changed with one click? It is asked once more where it cannot be undone.
import { Button, Group, Modal, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
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

interface ActButtonProps {
  label: string;
  /** What is asked before; left out where nothing is lost. */
  question?: string;
  isDangerous?: boolean;
  act: () => Promise<unknown>;
  onDone: () => void;
}

export function ActButton({ label, question, isDangerous = false, act, onDone }: ActButtonProps) {
  const t = useText();
  const doIt = useAct();
  const [isAsking, setAsking] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const color = isDangerous ? { color: "red" } : {};

  async function go() {
    setBusy(true);
    if (await doIt(act)) onDone();
    setBusy(false);
    setAsking(false);
  }

  return (
    <>
      <Button
        size="compact-sm"
        variant={isDangerous ? "light" : "default"}
        {...color}
        loading={isBusy}
        onClick={() => (question ? setAsking(true) : void go())}
      >
        {label}
      </Button>
      <Modal opened={isAsking} onClose={() => setAsking(false)} title={label} centered>
        <Text size="sm">{question}</Text>
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={() => setAsking(false)}>
            {t("common.back")}
          </Button>
          <Button {...color} loading={isBusy} onClick={() => void go()}>
            {label}
          </Button>
        </Group>
      </Modal>
    </>
  );
}
