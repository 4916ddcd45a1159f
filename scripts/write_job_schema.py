"""Write conf/schemas/job.schema.json from the definition of a job.

Run it after changing a parameter. A test compares the committed file with the output of this program.
"""

import json
from pathlib import Path

from blender_addon.job.definition import job_schema

TARGET = Path(__file__).resolve().parent.parent / "conf" / "schemas" / "job.schema.json"


if __name__ == "__main__":
    TARGET.write_text(json.dumps(job_schema(), indent=1) + "\n", encoding="utf-8")
    print(f"wrote {TARGET}")
