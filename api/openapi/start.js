// SPDX-License-Identifier: GPL-3.0-or-later
// Shows the API's description; a file of its own, because the page allows no inline script.
"use strict";

SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#description",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  tryItOutEnabled: true,
});
