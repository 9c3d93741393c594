// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with many hosts at once? Run on them, look after them, install, take away.
import { Button, Group, Menu, Modal, Paper, Select, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useNavigate } from "react-router";
import { send } from "../api/client";
import type { Run } from "../api/types";
import { useGroupNames } from "../groups/GroupsPage";
import { useText } from "../i18n/language";
import { useVisitor } from "../session/session";
import { useAct } from "../shell/act";
import { FormDialog } from "../shell/FormDialog";
import { LinkButton } from "../shell/LinkButton";

const AT_ONCE = 5;

type Move = "add_hosts" | "remove_hosts";

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
  const tell = useAct();
  const { may } = useVisitor();
  const navigate = useNavigate();
  const [isRemoving, setRemoving] = useState(false);
  const [moving, setMoving] = useState<Move | null>(null);
  const names = [...selected].sort();

  async function act(doIt: (name: string) => Promise<unknown>) {
    setRemoving(false);
    const problems = await forEachHost(names, doIt);
    onClear();
    onDone();
    for (const message of problems.slice(0, 5))
      notifications.show({ color: "red", title: t("error.refused"), message });
  }

  const install = () =>
    tell(async () => {
      const body = { hosts: names, accept_new_host_key: true };
      navigate(`/runs/${(await send<Run>("POST", "/hosts/install", body)).id}`);
    });

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
              {may("admin", true) && (
                <>
                  <Menu.Item onClick={() => setMoving("add_hosts")}>
                    {t("hosts.group-add")}
                  </Menu.Item>
                  <Menu.Item onClick={() => setMoving("remove_hosts")}>
                    {t("hosts.group-remove")}
                  </Menu.Item>
                </>
              )}
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
      {moving && (
        <GroupMove
          names={names}
          move={moving}
          onClose={() => setMoving(null)}
          onDone={() => {
            setMoving(null);
            onClear();
            onDone();
          }}
        />
      )}
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

interface GroupMoveProps {
  names: string[];
  move: Move;
  onClose: () => void;
  onDone: () => void;
}

/** Into which group, or out of which one, do all of them go? */
function GroupMove({ names, move, onClose, onDone }: GroupMoveProps) {
  const t = useText();
  const known = useGroupNames();
  const [group, setGroup] = useState<string | null>(null);
  async function submit() {
    await send("PATCH", `/groups/${encodeURIComponent(group ?? "")}`, { [move]: names });
    onDone();
  }
  return (
    <FormDialog
      title={t(move === "add_hosts" ? "hosts.group-add" : "hosts.group-remove")}
      onClose={onClose}
      submit={submit}
    >
      <Select
        required
        searchable
        label={t("hosts.group-name")}
        nothingFoundMessage={t("list.no-match")}
        data={known}
        value={group}
        onChange={setGroup}
      />
    </FormDialog>
  );
}
