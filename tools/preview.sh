#!/bin/sh
# Preview a stack: with the pulumi CLI when it is on PATH, else with the embedded engine. Downloads nothing by itself.
set -eu

stack=${1:-demo}
cd "$(dirname "$0")/.."

if ! command -v pulumi >/dev/null 2>&1; then
    echo "pulumi is not on PATH, so the embedded engine runs; install it: https://www.pulumi.com/docs/iac/download-install/" >&2
    exec .venv/bin/python -m dryrun preview "$stack" --out "out/preview/$stack"
fi

if [ -z "${PULUMI_BACKEND_URL-}" ]; then # no backend was chosen: keep the state in this folder
    mkdir -p build/pulumi-state
    PULUMI_BACKEND_URL="file://$PWD/build/pulumi-state"
    export PULUMI_BACKEND_URL
fi
if [ -z "${PULUMI_CONFIG_PASSPHRASE+set}${PULUMI_CONFIG_PASSPHRASE_FILE+set}" ]; then
    PULUMI_CONFIG_PASSPHRASE=""
    export PULUMI_CONFIG_PASSPHRASE
fi
pulumi stack select "$stack" --create --non-interactive
exec pulumi preview --stack "$stack" --non-interactive
