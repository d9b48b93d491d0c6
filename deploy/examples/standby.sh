#!/bin/sh
# Two coordinators of one search on one machine, which elect their leader in etcd: kill -9 the one that leads, and the other serves
# once the lease has run out. Usage: standby.sh CONFIG FOLDER DISCOVERY [further options, such as --tls certs/coordinator.crt]
set -eu
config=$1 folder=$2 discovery=$3
shift 3
for port in 7040 7041; do
  npx nasoa coordinator --config "$config" --output "$folder" --listen "127.0.0.1:$port" --discovery "$discovery" "$@" &
done
trap 'kill $(jobs -p)' INT TERM
wait
