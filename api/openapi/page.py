# SPDX-License-Identifier: GPL-3.0-or-later
"""Where can the description of the API be read? At ``/docs``, with nothing from elsewhere."""

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

_FOLDER = Path(__file__).parent

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def get_page() -> FileResponse:
    """Return the page that shows the API."""
    return FileResponse(_FOLDER / "index.html")


@router.get("/docs/start.js")
async def get_script() -> FileResponse:
    """Return the page's own script."""
    return FileResponse(_FOLDER / "start.js", media_type="text/javascript")


def add_description_page(app: FastAPI) -> None:
    """Add the page and Swagger UI, whose files come with a package."""
    app.include_router(router)
    assets = Path(str(files("fastapi_offline"))) / "static"
    app.mount("/docs/assets", StaticFiles(directory=assets), name="swagger-ui")
