// SPDX-License-Identifier: GPL-3.0-or-later
// What can be done with one host? Run on it, change it, take it out for maintenance, install, remove.
import { Button, Group, Menu, Modal, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";
import { send } from "../api/client";
import type { Host, Run } from "../api/types";
import { useText } from "../i18n/language";
import { useVisitor } from "../session/session";
import { useAct } from "../shell/act";
import { FormDialog } from "../shell/FormDialog";
import { LinkButton } from "../shell/LinkButton";
import { HostEditor } from "./HostEditor";

type Question = "maintenance" | "remove" | "change" | null;

export function HostActions({ host, onChange }: { host: Host; onChange: () => void }) {
  const t = useText();
  const act = useAct();
  const { may } = useVisitor();
  const navigate = useNavigate();
  const [question, setQuestion] = useState<Question>(null);
  const [reason, setReason] = useState("");
  const path = `/hosts/${encodeURIComponent(host.name)}`;
  const close = () => setQuestion(null);
  const done = () => {
    close();
    onChange();
  };

  const maintain = async (enabled: boolean) => {
    await send("PUT", `${path}/maintenance`, { enabled, reason: reason || null });
    done();
  };
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
      {may("admin") && (
        <Button variant="default" onClick={() => setQuestion("change")}>
          {t("common.change")}
        </Button>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default">{t("hosts.more")}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          {host.maintenance_since ? (
            <Menu.Item onClick={() => void act(() => maintain(false))}>
              {t("hosts.maintenance-off")}
            </Menu.Item>
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
      {question === "change" && <HostEditor host={host} onClose={close} onDone={done} />}
      {question === "maintenance" && (
        <FormDialog title={t("hosts.maintenance-on")} onClose={close} submit={() => maintain(true)}>
          <TextInput
            data-autofocus
            label={t("host.maintenance-reason")}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </FormDialog>
      )}
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
