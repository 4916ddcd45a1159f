from tests.render_jobs.conftest import compose_job, smoke_job

__all__ = ["compose_job", "smoke_job"]
