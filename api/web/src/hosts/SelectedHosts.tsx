// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with many hosts at once? Run on them, look after them, install, take away.
import { Button, Group, Menu, Modal, Paper, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useNavigate } from "react-router";
import { ApiError, send } from "../api/client";
import type { Run } from "../api/types";
import { useText } from "../i18n/language";
import { useVisitor } from "../session/session";
import { LinkButton } from "../shell/LinkButton";

const AT_ONCE = 5;

interface SelectedHostsProps {
  selected: ReadonlySet<string>;
  onClear: () => void;
  onDone: () => void;
}

/** Do something for each host, a few at a time; answers what went wrong. */
async function forEachHost(
  names: readonly string[],
  act: (name: string) => Promise<unknown>,
): Promise<string[]> {
  const problems: string[] = [];
  for (let i = 0; i < names.length; i += AT_ONCE)
    await Promise.all(
      names
        .slice(i, i + AT_ONCE)
        .map((name) =>
          act(name).catch((error: Error) => problems.push(`${name}: ${error.message}`)),
        ),
    );
  return problems;
}

export function SelectedHosts({ selected, onClear, onDone }: SelectedHostsProps) {
  const t = useText();
  const { may } = useVisitor();
  const navigate = useNavigate();
  const [isRemoving, setRemoving] = useState(false);
  const names = [...selected].sort();

  async function act(doIt: (name: string) => Promise<unknown>) {
    setRemoving(false);
    const problems = await forEachHost(names, doIt);
    onClear();
    onDone();
    for (const message of problems.slice(0, 5))
      notifications.show({ color: "red", title: t("error.refused"), message });
  }

  async function install() {
    try {
      const body = { hosts: names, accept_new_host_key: true };
      navigate(`/runs/${(await send<Run>("POST", "/hosts/install", body)).id}`);
    } catch (error) {
      const message = error instanceof ApiError ? error.message : t("error.unreachable");
      notifications.show({ color: "red", title: t("error.refused"), message });
    }
  }

  const maintain = (enabled: boolean) =>
    act((name) => send("PUT", `/hosts/${encodeURIComponent(name)}/maintenance`, { enabled }));

  if (names.length === 0) return null;
  return (
    <Paper withBorder p="xs" role="region" aria-label={t("hosts.selected-label")}>
      <Group gap="xs">
        <Text size="sm" fw={600}>
          {t("hosts.selected", { count: names.length })}
        </Text>
        {may("operator") && (
          <LinkButton size="xs" to={`/launch?limit=${encodeURIComponent(names.join(","))}`}>
            {t("hosts.run-on")}
          </LinkButton>
        )}
        {may("operator") && (
          <Menu>
            <Menu.Target>
              <Button size="xs" variant="default">
                {t("hosts.more")}
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => void maintain(true)}>{t("hosts.maintenance-on")}</Menu.Item>
              <Menu.Item onClick={() => void maintain(false)}>
                {t("hosts.maintenance-off")}
              </Menu.Item>
              {may("admin") && (
                <>
                  <Menu.Item onClick={() => void install()}>{t("hosts.install")}</Menu.Item>
                  <Menu.Item color="red" onClick={() => setRemoving(true)}>
                    {t("hosts.remove")}
                  </Menu.Item>
                </>
              )}
            </Menu.Dropdown>
          </Menu>
        )}
        <Button size="xs" variant="subtle" onClick={onClear}>
          {t("hosts.clear")}
        </Button>
      </Group>
      <Modal
        opened={isRemoving}
        onClose={() => setRemoving(false)}
        title={t("hosts.remove-title", { count: names.length })}
        centered
      >
        <Text size="sm">{t("hosts.remove-help")}</Text>
        <Text size="sm" mt="sm" fw={600}>
          {names.slice(0, 10).join(", ")} {names.length > 10 ? "…" : ""}
        </Text>
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={() => setRemoving(false)}>
            {t("common.back")}
          </Button>
          <Button
            color="red"
            onClick={() => void act((name) => send("DELETE", `/hosts/${encodeURIComponent(name)}`))}
          >
            {t("hosts.remove")}
          </Button>
        </Group>
      </Modal>
    </Paper>
  );
}
