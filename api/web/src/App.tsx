// SPDX-License-Identifier: GPL-3.0-or-later
// Which pages are there, and where? Behind `#`, so that a proxy may put them under any path.
import { Navigate, Route, Routes } from "react-router";
import { AuditPage } from "./audit/AuditPage";
import { GroupsPage } from "./groups/GroupsPage";
import { HostPage } from "./hosts/HostPage";
import { HostsPage } from "./hosts/HostsPage";
import { LaunchPage } from "./launch/LaunchPage";
import { NotificationsPage } from "./notifications/NotificationsPage";
import { OverviewPage } from "./overview/OverviewPage";
import { PeoplePage } from "./people/PeoplePage";
import { RunPage } from "./runs/RunPage";
import { RunsPage } from "./runs/RunsPage";
import { SettingsPage } from "./settings/SettingsPage";
import { Shell } from "./shell/Shell";
import { SchedulesPage } from "./triggers/SchedulesPage";
import { WebhooksPage } from "./triggers/WebhooksPage";

export function App() {
  return (
    <Shell>
      <Routes>
        <Route path="/overview" element={<OverviewPage />} />
        <Route path="/runs" element={<RunsPage />} />
        <Route path="/runs/:id" element={<RunPage />} />
        <Route path="/hosts" element={<HostsPage />} />
        <Route path="/hosts/:name" element={<HostPage />} />
        <Route path="/groups" element={<GroupsPage />} />
        <Route path="/launch" element={<LaunchPage />} />
        <Route path="/schedules" element={<SchedulesPage />} />
        <Route path="/webhooks" element={<WebhooksPage />} />
        <Route path="/notifications" element={<NotificationsPage />} />
        <Route path="/people" element={<PeoplePage />} />
        <Route path="/audit" element={<AuditPage />} />
        <Route path="/settings" element={<SettingsPage />} />
        <Route path="*" element={<Navigate to="/overview" replace />} />
      </Routes>
    </Shell>
  );
}
