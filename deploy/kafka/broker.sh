#!/usr/bin/env bash
# deploy/kafka/broker.sh install|start|stop [FOLDER] - one Apache Kafka broker (KRaft) on 127.0.0.1, for tests.
#   install        fetch the jars once, through Maven, into the user's cache
#   start FOLDER   start a broker that keeps its state in FOLDER; prints host:port as its last line. A folder that
#                  holds a broker's state already goes on with it, on the same port: that is how crashes are tried
#                  (kill -9 the process in FOLDER/kafka.pid, then start again)
#   stop FOLDER    stop that broker; its state stays
# Needs Java 17 or newer, and mvn to install. KAFKA_VERSION and KAFKA_HEAP (384m) as wanted; KAFKA_EXTRA=FILE is
# appended to the properties of a new broker.
set -euo pipefail
version=${KAFKA_VERSION:-4.3.0}
jars=${XDG_CACHE_HOME:-$HOME/.cache}/hoofprint/kafka-$version

die() { echo "kafka: $*" >&2; exit 4; }
usage() { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }

require_java() {
  local major
  command -v java >/dev/null || die "no Java: install a Java 17 (Debian: openjdk-17-jre-headless)"
  major=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p' | head -n 1)
  [ "${major:-0}" -ge 17 ] || die "Java ${major:-?} is too old: Kafka $version needs 17 or newer"
}

dependency() {
  echo "<dependency><groupId>$1</groupId><artifactId>$2</artifactId><version>$3</version></dependency>"
}

install() {
  [ -e "$jars/.ready" ] && return
  require_java
  command -v mvn >/dev/null || die "no mvn to fetch Kafka's jars with: install Maven (Debian: maven)"
  mkdir -p "$jars"
  local work
  work=$(mktemp -d "$jars/install.XXXXXX") # beside the place it is moved to, so that a move is enough
  { echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
    echo '<groupId>local</groupId><artifactId>broker</artifactId><version>1</version><dependencies>'
    dependency org.apache.kafka kafka_2.13 "$version"
    for artifact in log4j-slf4j-impl log4j-core log4j-1.2-api; do
      dependency org.apache.logging.log4j $artifact 2.24.3
    done
    echo '</dependencies></project>'; } > "$work/pom.xml"
  (cd "$work" && mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$work/libs" > "$work/mvn.out" 2>&1) \
    || { tail -n 5 "$work/mvn.out" >&2; rm -rf "$work"; die "Maven could not fetch Kafka $version"; }
  mkdir "$jars/libs" 2>/dev/null && mv "$work"/libs/*.jar "$jars/libs/" && touch "$jars/.ready"
  rm -rf "$work"
  for _ in $(seq 150); do [ -e "$jars/.ready" ] && return; sleep 0.2; done # somebody else was first
  die "another installation into $jars did not finish: remove that folder and try again"
}

free_ports() {
  python3 - <<'PYTHON'
import socket

held = [socket.socket() for _ in range(2)]
for one in held:
    one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in held))
PYTHON
}

configure() {
  local port controller cluster
  read -r port controller < <(free_ports)
  cat > "$folder/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=$folder/log
auto.create.topics.enable=false
num.network.threads=2
num.io.threads=2
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=20000000
# after kill -9 the broker may come back only when its old registration has timed out
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
PROPERTIES
  [ -z "${KAFKA_EXTRA:-}" ] || cat "$KAFKA_EXTRA" >> "$folder/server.properties"
  # Never a dash in front: the storage tool would take the id for an option.
  cluster=$(python3 -c 'import base64, uuid; print(base64.urlsafe_b64encode(b"H" + uuid.uuid4().bytes[1:]).decode()[:22])')
  java -Xmx128m -XX:+UseSerialGC -cp "$jars/libs/*" kafka.tools.StorageTool format -t "$cluster" \
    -c "$folder/server.properties" > "$folder/format.out" 2>&1 \
    || { tail -n 5 "$folder/format.out" >&2; rm "$folder/server.properties"; die "could not format $folder"; }
}

launch() {
  setsid java -Xmx"${KAFKA_HEAP:-384m}" -XX:+UseSerialGC -Dlog4j2.level=INFO \
    -cp "$jars/libs/*" kafka.Kafka "$folder/server.properties" > "$folder/kafka.out" 2>&1 < /dev/null &
  local process=$!
  echo "$process" > "$folder/kafka.pid"
  for _ in $(seq 300); do
    grep -q 'Kafka Server started' "$folder/kafka.out" && return 0
    kill -0 "$process" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

# by its command line: a number may be another's by now, or of a process that has ended and is not forgotten yet
running() {
  tr '\0' ' ' 2>/dev/null < "/proc/$(cat "$folder/kafka.pid" 2>/dev/null || echo none)/cmdline" \
    | grep -qF "$folder/server.properties"
}

start() {
  install
  require_java
  for _ in $(seq 20); do running || break; sleep 0.1; done # one that was just killed takes a moment to end
  running && die "a broker runs in $folder already"
  local kept=1
  [ -e "$folder/server.properties" ] || kept=
  for _ in 1 2 3; do # somebody may take a free port before the broker does
    [ -n "$kept" ] || { rm -rf "$folder/log"; configure; }
    if launch; then
      sed -n 's|^advertised.listeners=PLAINTEXT://||p' "$folder/server.properties"
      return
    fi
    stop
    [ -z "$kept" ] || break
  done
  tail -n 20 "$folder/kafka.out" >&2
  die "the broker did not start: see $folder/kafka.out"
}

stop() {
  running || return 0
  local process
  process=$(cat "$folder/kafka.pid")
  kill "$process" 2>/dev/null || return 0
  for _ in $(seq 100); do running || return 0; sleep 0.1; done
  kill -9 "$process"
}

[ "${1:-}" = install ] && [ $# -eq 1 ] && { install; exit; }
[ $# -eq 2 ] || usage
mkdir -p "$2"
folder=$(cd "$2" && pwd)
case $1 in
  start) start ;;
  stop) stop ;;
  *) usage ;;
esac
