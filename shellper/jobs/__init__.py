"""Background jobs: processes that the user has kept when their command ended, each in the sandbox it was started in."""

from shellper.jobs.errors import JobsError
from shellper.jobs.folder import MOST_ENDED, Job, Jobs
from shellper.jobs.record import About, JobState
from shellper.jobs.starting import keep

__all__ = ["MOST_ENDED", "About", "Job", "JobState", "Jobs", "JobsError", "keep"]
