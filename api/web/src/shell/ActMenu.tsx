// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with one row of a list? A menu of it; what cannot be undone is asked once more.
import { ActionIcon, Button, Group, Menu, Modal, Text } from "@mantine/core";
import { useState } from "react";
import { useText } from "../i18n/language";
import { useAct } from "./act";
import { Icon } from "./icons";

export interface Action {
  label: string;
  /** What is asked before; left out where nothing is lost. */
  question?: string;
  isDangerous?: boolean;
  /** Does it; a form that only opens answers nothing. */
  act: () => Promise<unknown> | undefined;
}

interface ActMenuProps {
  /** Of what: names the menu for who cannot see the row beside it. */
  name: string;
  actions: (Action | false)[];
  onDone: () => void;
}

export function ActMenu({ name, actions, onDone }: ActMenuProps) {
  const t = useText();
  const doIt = useAct();
  const [asked, setAsked] = useState<Action | null>(null);
  const [isBusy, setBusy] = useState(false);
  const color = asked?.isDangerous ? { color: "red" } : {};
  const offered = actions.filter((action) => action !== false);

  async function go(action: Action) {
    const doing = action.act();
    if (doing === undefined) return;
    setBusy(true);
    if (await doIt(() => doing)) onDone();
    setBusy(false);
    setAsked(null);
  }

  if (offered.length === 0) return null;
  return (
    <Group justify="flex-end">
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon
            variant="subtle"
            c="var(--mantine-color-dimmed)"
            size="lg"
            loading={isBusy}
            aria-label={t("common.actions", { name })}
          >
            <Icon name="more" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {offered.map((action) => (
            <Menu.Item
              key={action.label}
              {...(action.isDangerous ? { color: "red" } : {})}
              onClick={() => (action.question ? setAsked(action) : void go(action))}
            >
              {action.label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={asked !== null}
        onClose={() => setAsked(null)}
        title={asked?.label}
        centered
        closeButtonProps={{ "aria-label": t("common.close") }}
      >
        <Text size="sm">{asked?.question}</Text>
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={() => setAsked(null)}>
            {t("common.back")}
          </Button>
          <Button {...color} loading={isBusy} onClick={() => asked && void go(asked)}>
            {asked?.label}
          </Button>
        </Group>
      </Modal>
    </Group>
  );
}
