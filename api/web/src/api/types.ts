// SPDX-License-Identifier: GPL-3.0-or-later
// Which forms has the API? Those of its description, from which `schema.d.ts` is generated.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Account = Schemas["Account"];
export type Session = Schemas["Session"];
export type Run = Schemas["Run"];
export type RunDetail = Schemas["RunDetail"];
export type Execution = Schemas["Execution"];
export type LogPiece = Schemas["LogPieceOut"];
export type LogPieces = Schemas["LogPiecesOut"];
export type LogMatch = Schemas["LogMatch"];
export type LogPlace = Schemas["LogPlace"];
export type RunTasks = Schemas["RunTasks"];
export type Events = Schemas["EventsOut"];
export type Host = Schemas["Host"];
export type HostStateChange = Schemas["HostStateChange"];
export type HostStatus = Schemas["HostStatus"];
export type LoadHistory = Schemas["LoadHistory"];
export type LoadPoint = Schemas["LoadPoint"];
export type Group = Schemas["Group"];
export type Template = Schemas["Template"];
export type TemplateDetail = Schemas["TemplateDetail"];
export type Argument = Schemas["Argument"];
export type Preview = Schemas["Preview"];
export type Grant = Schemas["GrantBody"];
export type State = Run["status"];
export type Wave = Schemas["Wave"];

export interface Page<T> {
  count: number;
  results: T[];
}

export const END_STATES: ReadonlySet<string> = new Set([
  "successful",
  "failed",
  "canceled",
  "timed_out",
  "lost",
]);

export const STATES = [
  "pending",
  "running",
  "successful",
  "failed",
  "canceled",
  "timed_out",
  "lost",
] as const;

export type Schedule = Schemas["Schedule"];
export type Webhook = Schemas["Webhook"];
export type WebhookDelivery = Schemas["api__webhooks__schemas__Delivery"];
export type User = Schemas["User"];
export type Token = Schemas["Token"];
export type NewToken = Schemas["NewToken"];
export type AuditEntry = Schemas["Entry"];
export type Verification = Schemas["Verification"];
export type Overview = Schemas["Overview"];
export type History = Schemas["History"];
export type HistoryStep = Schemas["HistoryStep"];
export type Notification = Schemas["Notification"];
export type NotificationDelivery = Schemas["api__notifications__schemas__Delivery"];
export type NewNotification = Schemas["api__notifications__schemas__NewSecret"];
export type NewWebhook = Schemas["api__webhooks__schemas__NewSecret"];
export type Matcher = Schemas["Matcher"];
export type Mapped = Schemas["Mapped"];
