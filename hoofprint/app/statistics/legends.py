"""What the columns of each file mean."""

COUNTS = """\
Tasks, jobs and sub-workflows by how their last try ended; sub-workflows' own tasks and jobs are counted in.
  Incomplete     neither succeeded nor failed: not submitted, running, removed
  Retries        tries beyond the first
  Total+Retries  Succeeded + Failed + Retries
"""

WORKFLOW = """\
  WF Retries     how often the workflow was started again
"""

DURATIONS = """\
Workflow wall time: from start to end as the engine reports it; restarts add up without the gaps between.
Cumulative job wall time: the processes' own time. As seen from submit side: the jobs', overheads included.
Both are weighed by the jobs' cores and count every try; badput is what of it belongs to failures.
"""

JOBS = """\
  Kickstart      seconds that the processes took where they ran; Kickstart-Mult: weighed by Mult
  CPU-Time       seconds of processor time, user and system
  Post           seconds of the POST script
  CondorQTime    seconds from submission until a remote scheduler or a machine took the job
  Resource       seconds in a remote scheduler's queue
  Runtime        seconds from start to end as seen where it was submitted
  Seqexec        seconds that a clustered job took; Seqexec-Delay: what of it no process took
"""

BREAKDOWN = """\
  Count          invocations of the transformation with this outcome
  (runtime)      seconds, weighed by the jobs' cores
  (mem)          greatest resident set in MB
  (avg. cpu)     processor time / wall time of one process
"""

INTEGRITY = """\
  Type           check: compared with a known checksum; compute: generated
  File Type      what the file is to the job
  Total Duration seconds
"""

TIME = """\
What began in each span, by the hours in which it did; times in {zone}.
  Runtime        seconds, not weighed; job instances' as seen from the submit side
"""
