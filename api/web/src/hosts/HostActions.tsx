// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with one host? Run on it, take it out for maintenance, install anew, remove it.
import { Button, Group, Menu, Modal, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import { useNavigate } from "react-router";
import { ApiError, send } from "../api/client";
import type { Host, Run } from "../api/types";
import { useText } from "../i18n/language";
import { useVisitor } from "../session/session";
import { LinkButton } from "../shell/LinkButton";

type Question = "maintenance" | "remove" | null;

export function HostActions({ host, onChange }: { host: Host; onChange: () => void }) {
  const t = useText();
  const { may } = useVisitor();
  const navigate = useNavigate();
  const [question, setQuestion] = useState<Question>(null);
  const [reason, setReason] = useState("");
  const path = `/hosts/${encodeURIComponent(host.name)}`;
  const close = () => setQuestion(null);

  async function act(doIt: () => Promise<unknown>) {
    try {
      await doIt();
      onChange();
    } catch (error) {
      const message = error instanceof ApiError ? error.message : t("error.unreachable");
      notifications.show({ color: "red", title: t("error.refused"), message });
    }
    close();
  }

  const maintain = (enabled: boolean) =>
    act(() => send("PUT", `${path}/maintenance`, { enabled, reason: reason || null }));
  const install = () =>
    act(async () => {
      const body = { hosts: [host.name], accept_new_host_key: true };
      navigate(`/runs/${(await send<Run>("POST", "/hosts/install", body)).id}`);
    });
  const remove = () =>
    act(async () => {
      await send("DELETE", path);
      navigate("/hosts");
    });

  if (!may("operator")) return null;
  return (
    <>
      <LinkButton to={`/launch?limit=${encodeURIComponent(host.name)}`}>
        {t("hosts.run-on")}
      </LinkButton>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default">{t("hosts.more")}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          {host.maintenance_since ? (
            <Menu.Item onClick={() => void maintain(false)}>{t("hosts.maintenance-off")}</Menu.Item>
          ) : (
            <Menu.Item onClick={() => setQuestion("maintenance")}>
              {t("hosts.maintenance-on")}
            </Menu.Item>
          )}
          {may("admin") && (
            <>
              <Menu.Item onClick={() => void install()}>
                {t(host.agent.version ? "hosts.reinstall" : "hosts.install")}
              </Menu.Item>
              <Menu.Item color="red" onClick={() => setQuestion("remove")}>
                {t("hosts.remove")}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={question === "maintenance"}
        onClose={close}
        title={t("hosts.maintenance-on")}
        centered
      >
        <TextInput
          data-autofocus
          label={t("host.maintenance-reason")}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={close}>
            {t("common.back")}
          </Button>
          <Button onClick={() => void maintain(true)}>{t("hosts.maintenance-on")}</Button>
        </Group>
      </Modal>
      <Modal
        opened={question === "remove"}
        onClose={close}
        title={t("hosts.remove-title", { count: 1 })}
        centered
      >
        <Text size="sm">{t("hosts.remove-help")}</Text>
        <Group justify="flex-end" mt="lg">
          <Button variant="default" onClick={close}>
            {t("common.back")}
          </Button>
          <Button color="red" onClick={() => void remove()}>
            {t("hosts.remove")}
          </Button>
        </Group>
      </Modal>
    </>
  );
}
