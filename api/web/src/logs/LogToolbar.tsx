// SPDX-License-Identifier: GPL-3.0-or-later
// Which handles has a log? Small ones, in one row.
import { ActionIcon, Button, Group, TextInput, Tooltip } from "@mantine/core";
import type { Key } from "../i18n/en";
import { useText } from "../i18n/language";
import { Icon, type IconName } from "../shell/icons";
import classes from "./LogPanel.module.css";

interface LogToolbarProps {
  wanted: string;
  onWanted: (wanted: string) => void;
  onFind: (isBackward: boolean) => void;
  onFirstFailure: () => void;
  /** Percent that have been searched; null while nothing is searched. */
  searching: number | null;
  onStop: () => void;
  isFollowing: boolean;
  onFollow: () => void;
  wraps: boolean;
  onWrap: () => void;
  onDownload: () => void;
}

export function LogToolbar(props: LogToolbarProps) {
  const t = useText();
  const { wanted, searching } = props;
  return (
    <Group className={classes.toolbar} gap={6}>
      <TextInput
        size="xs"
        type="search"
        className={classes.search}
        aria-label={t("log.search")}
        placeholder={t("log.search-hint")}
        leftSection={<Icon name="search" size={14} />}
        value={wanted}
        onChange={(event) => props.onWanted(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") props.onFind(event.shiftKey);
        }}
      />
      <Handle
        label="log.previous"
        icon="up"
        onClick={() => props.onFind(true)}
        isDisabled={!wanted}
      />
      <Handle
        label="log.next"
        icon="down"
        onClick={() => props.onFind(false)}
        isDisabled={!wanted}
      />
      <Handle label="log.first-failure" icon="failure" onClick={props.onFirstFailure} />
      {searching !== null && (
        <Button size="compact-xs" variant="light" onClick={props.onStop}>
          {t("log.searching", { percent: searching })}
        </Button>
      )}
      <Group gap={6} ml="auto">
        <Handle
          label="log.follow"
          icon="follow"
          onClick={props.onFollow}
          isOn={props.isFollowing}
        />
        <Handle label="log.wrap" icon="wrap" onClick={props.onWrap} isOn={props.wraps} />
        <Handle label="log.download" icon="download" onClick={props.onDownload} />
      </Group>
    </Group>
  );
}

interface HandleProps {
  label: Key;
  icon: IconName;
  onClick: () => void;
  isOn?: boolean;
  isDisabled?: boolean;
}

function Handle({ label, icon, onClick, isOn, isDisabled = false }: HandleProps) {
  const t = useText();
  return (
    <Tooltip label={t(label)}>
      <ActionIcon
        variant={isOn ? "filled" : "default"}
        size={30}
        aria-label={t(label)}
        aria-pressed={isOn}
        disabled={isDisabled}
        onClick={onClick}
      >
        <Icon name={icon} size={16} />
      </ActionIcon>
    </Tooltip>
  );
}
