from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_airflow_loads_one_plugin_without_errors(repository: Path) -> None:
    """Airflow runs each module under plugins/ that .airflowignore does not name, under its bare file name."""
    program = (
        "from airflow import plugins_manager as manager\n"
        "names = {plugin.name for plugin in manager._get_plugins()[0]}\n"
        "import sys\n"
        "print(sorted(name for name in names if name and name.startswith('vigil')), manager.get_import_errors())\n"
        "print([name for name in ('links', 'polling', 'trigger', 'asset', 'config') if name in sys.modules])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=repository, capture_output=True, text=True, timeout=120, check=True
    )
    assert result.stdout.splitlines()[-2:] == ["['vigil'] {}", "[]"]
