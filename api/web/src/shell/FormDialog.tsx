// SPDX-License-Identifier: GPL-3.0-or-later
// What has every form that opens over a page? Its fields, what was refused and why, and two buttons.
import { Button, Group, Modal, type ModalProps, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useText } from "../i18n/language";
import { Problem } from "./Page";

interface FormDialogProps {
  title: string;
  /** What the button says that sends it; the title where left out. */
  label?: string;
  /** Whether something is changed that is there already: then the button saves. */
  isChange?: boolean;
  size?: ModalProps["size"];
  onClose: () => void;
  /** Sends what was filled in; what it throws is shown above the buttons. */
  submit: () => Promise<unknown>;
  children: React.ReactNode;
}

export function FormDialog(props: FormDialogProps) {
  const { title, isChange, size, onClose, submit, children } = props;
  const t = useText();
  const label = isChange ? t("common.save") : (props.label ?? title);
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);

  async function send(event: React.FormEvent) {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await submit();
    } catch (caught) {
      setError(caught as Error);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title={title}
      {...(size ? { size } : {})}
      closeButtonProps={{ "aria-label": t("common.close") }}
    >
      <form onSubmit={send}>
        <Stack>
          {children}
          {error && <Problem error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t("common.back")}
            </Button>
            <Button type="submit" loading={isBusy}>
              {label}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

interface NameFieldProps {
  value: string;
  onChange: (name: string) => void;
}

/** The name of what a form makes, which is written first. */
export function NameField({ value, onChange }: NameFieldProps) {
  const t = useText();
  return (
    <TextInput
      required
      data-autofocus
      label={t("schedules.name")}
      spellCheck={false}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
