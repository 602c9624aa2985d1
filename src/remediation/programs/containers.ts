import type { Program, Table, Use } from "./program.ts";

const LIST: Use = {
  flags:
    "-a -q -l -n:count -s --all --quiet --latest --last:count --no-trunc --size --format:format --filter:text -f:text --digests",
};
const LOGS: Use = {
  flags: "-n:count -t --tail:word --since:time --until:time --timestamps --details",
  endless: "-f --follow",
  operands: "name",
};
const TOP: Use = { operands: "name psBsd*" };
const STATS: Use = {
  flags: "-a --no-stream --all --no-trunc --format:format --no-reset",
  operands: "name*",
};
const INSPECT: Use = {
  flags: "-f:format -s --format:format --size --type:word",
  needs: "-f --format",
  otherwise: "medium",
  operands: "ref*",
};
const NAMED: Use = { operands: "name" };
const START: Use = {
  flags: "-t:count --time:count",
  operands: "name*",
  verdict: "medium",
  does: "starts or restarts a container",
};
const STOP: Use = {
  flags: "-t:count -s:word --time:count --signal:word",
  operands: "name*",
  verdict: "high",
  does: "stops a container",
};
const REMOVE: Use = {
  flags: "-f -v --force --volumes -a --all",
  operands: "ref*",
  verdict: "high",
  does: "removes it",
};
const PRUNE: Use = {
  flags: "-f -a --force --all --volumes --filter:text",
  verdict: "high",
  does: "removes everything that is not in use",
};

const CONTAINER_VERBS: Readonly<Record<string, Use>> = {
  logs: LOGS,
  top: TOP,
  stats: STATS,
  "port|diff": NAMED,
  inspect: INSPECT,
  "start|restart|unpause": START,
  "stop|kill|pause": STOP,
  rm: REMOVE,
};

const ENGINE: Program = {
  source: "docker(1), podman(1); -H and --context reach other machines",
  check: (values) =>
    values.some(opensTheHost)
      ? { verdict: "forbidden", reason: "a container with the rights of its host is the host" }
      : null,
  subcommands: {
    ...CONTAINER_VERBS,
    ps: LIST,
    "version|info": { flags: "-f:format --format:format" },
    images: { ...LIST, operands: "ref" },
    history: { flags: "-q -H --no-trunc --quiet --human --format:format", operands: "ref" },
    events: {
      flags: "--since:time --until:time --filter:text -f:text --format:format",
      needs: "--until",
    },
    search: { flags: "--limit:count --no-trunc --filter:text -f:text", operands: "ref" },
    container: { subcommands: { ...CONTAINER_VERBS, "ls|ps|list": LIST, prune: PRUNE } },
    "image|volume|network|node|service|stack|plugin|context|secret|config|pod|machine|buildx": {
      subcommands: {
        "ls|list|ps": { ...LIST, operands: "name*" },
        inspect: INSPECT,
        history: { operands: "ref" },
        prune: PRUNE,
        rm: REMOVE,
      },
    },
    system: {
      subcommands: {
        df: { flags: "-v --verbose --format:format" },
        info: { flags: "-f:format --format:format" },
        prune: PRUNE,
      },
    },
    builder: { subcommands: { prune: PRUNE } },
    rmi: REMOVE,
    healthcheck: {
      subcommands: {
        run: { ...NAMED, verdict: "medium", does: "runs the container's own health check" },
      },
    },
    compose: {
      flags: "-f:config -p:name --file:config --project-name:name",
      subcommands: {
        "ps|ls|images": {
          flags: "-a -q --all --quiet --services --format:word --status:word --filter:text",
          operands: "name*",
        },
        logs: {
          flags:
            "-n:count -t --tail:word --since:time --until:time --timestamps --no-color --no-log-prefix",
          endless: "-f --follow",
          operands: "name*",
        },
        "top|version|port": { operands: "name count" },
        "start|restart|unpause": {
          flags: "-t:count --no-deps --timeout:count",
          operands: "name*",
          verdict: "medium",
          does: "starts or restarts containers",
        },
        "stop|kill|pause|down|rm": {
          flags: "-t:count -v -f --timeout:count --volumes",
          operands: "name*",
          verdict: "high",
          does: "stops or removes containers",
        },
        "up|pull": {
          flags: "-d --detach --no-deps --force-recreate --remove-orphans -q --quiet",
          operands: "name*",
          verdict: "high",
          does: "makes containers anew",
        },
      },
    },
  },
};

/** Rights, folders and name spaces of the host, given to a container. */
function opensTheHost(value: string): boolean {
  return (
    /^--(?:privileged|cap-add|device|pid=host|userns=host|ipc=host|uts=host|security-opt)/.test(
      value,
    ) ||
    /(?:^|=)(?:\/(?:etc|root|proc|sys|dev|boot|var\/run\/docker\.sock|run\/docker\.sock)?):\//.test(
      value,
    ) ||
    /(?:source|src)=\/(?:,|$)/.test(value)
  );
}

const KUBE_GET =
  "-n:name -A -l:text -o:kubeOutput --namespace:name --all-namespaces --selector:text --output:kubeOutput --show-labels --no-headers --sort-by:any --field-selector:text --show-kind --ignore-not-found --chunk-size:count --context:ref --request-timeout:number";

/** Containers, clusters and guests. */
export const CONTAINERS: Table = {
  "docker podman nerdctl": ENGINE,
  "docker-compose podman-compose": {
    ...(ENGINE.subcommands?.compose ?? {}),
    source: "docker-compose(1)",
  },
  crictl: {
    source: "crictl --help",
    flags: "-o:word",
    subcommands: {
      "ps|pods|images|img|info|version|stats|statsp": {
        flags: "-a -q -o:word --name:name --all",
        operands: "name*",
      },
      logs: { flags: "--tail:count --since:time -t", endless: "-f", operands: "name" },
    },
  },
  ctr: {
    source: "ctr --help",
    flags: "-n:name",
    subcommands: {
      version: {},
      "containers|c|images|i|tasks|t|namespaces|ns": {
        subcommands: { "ls|list": { flags: "-q" } },
      },
    },
  },
  lxc: {
    source: "lxc(1)",
    subcommands: {
      "list|info|version": { flags: "-f:word -c:word", operands: "name*" },
      "start|restart": START,
      stop: STOP,
    },
  },
  "lxc-ls lxc-info": { source: "lxc-ls(1)", flags: "-f -1 -n:name --fancy --name:name" },
  kubectl: {
    source:
      "kubectl, kubernetes.io reference; no secrets, no --raw, no other server, token or file",
    flags: "-n:name --namespace:name --context:ref --request-timeout:number",
    subcommands: {
      get: { flags: KUBE_GET, endless: "-w --watch --watch-only", operands: "resource resource*" },
      describe: { flags: `${KUBE_GET} --show-events[:word]`, operands: "resource resource*" },
      logs: {
        flags:
          "-c:name -p -l:text --container:name --previous --since:number --since-time:time --tail:signed --timestamps --all-containers[:word] --selector:text --prefix --limit-bytes:count --max-log-requests:count",
        endless: "-f --follow",
        operands: "resource name",
      },
      top: {
        subcommands: {
          "pod|pods|po|node|nodes|no": {
            flags:
              "-A -l:text --containers --all-namespaces --sort-by:word --no-headers --selector:text",
            operands: "name*",
          },
        },
      },
      version: { flags: "--client -o:word --output:word --short" },
      "cluster-info": {},
      "api-resources|api-versions": {
        flags:
          "-o:word --namespaced[:word] --api-group:word --verbs:word --sort-by:word --no-headers",
      },
      explain: { flags: "--recursive --api-version:ref", operands: "resource" },
      events: {
        flags: "-A --all-namespaces --types:word --for:resource --no-headers",
        endless: "-w --watch",
      },
      rollout: {
        subcommands: {
          "status|history": {
            flags: "--timeout:number --revision:count --watch:word -w",
            operands: "resource resource",
          },
          restart: {
            operands: "resource resource",
            verdict: "medium",
            does: "restarts pods one after the other",
          },
          "undo|pause|resume": {
            flags: "--to-revision:count",
            operands: "resource resource",
            verdict: "high",
            does: "changes what is rolled out",
          },
        },
      },
      config: {
        subcommands: {
          "current-context|get-contexts|get-clusters": {
            flags: "--no-headers -o:word",
            operands: "ref",
          },
        },
      },
      auth: {
        subcommands: {
          "can-i": { flags: "-A --list --subresource:word", operands: "word resource" },
          whoami: {},
        },
      },
      "cordon|uncordon": {
        operands: "name",
        verdict: "medium",
        does: "opens or closes a node for new pods",
      },
      scale: {
        flags: "--replicas:count --current-replicas:count",
        operands: "resource resource",
        verdict: "medium",
        does: "changes how many pods there are",
      },
      delete: {
        flags: "--grace-period:count --timeout:number --wait[:word]",
        operands: "resource resource*",
        verdict: "high",
        does: "deletes",
      },
      "drain|annotate|label|taint": {
        flags: "--ignore-daemonsets --delete-emptydir-data --timeout:number --overwrite",
        operands: "any*",
        verdict: "high",
        does: "changes the cluster",
      },
    },
  },
  helm: {
    source: "helm, helm.sh; get values shows passwords",
    flags: "-n:name --namespace:name --kube-context:ref",
    subcommands: {
      "list|ls": { flags: "-A -a -o:word -q --all-namespaces --all --output:word" },
      "status|history|version": { flags: "-o:word --max:count --short", operands: "name" },
      rollback: {
        flags: "--wait",
        operands: "name count",
        verdict: "high",
        does: "rolls a release back",
      },
    },
  },
  k3s: { source: "k3s --help", subcommands: { "check-config": {} }, flags: "--version" },
  pct: {
    source: "pct(1)",
    subcommands: {
      "list|cpusets": {},
      "status|config|pending|listsnapshot|df": { flags: "--verbose --current", operands: "count" },
      "start|reboot|unlock|resume": {
        operands: "count",
        flags: "--timeout:count --skiplock",
        verdict: "medium",
        does: "starts or restarts a guest",
      },
      "shutdown|stop|suspend|destroy|rollback|delsnapshot": {
        operands: "count name",
        flags: "--timeout:count --forceStop:count",
        verdict: "high",
        does: "stops or deletes a guest",
      },
    },
  },
  qm: {
    source: "qm(1); monitor and guest exec run things",
    subcommands: {
      list: { flags: "--full" },
      "status|config|pending|listsnapshot": { flags: "--verbose --current", operands: "count" },
      agent: { operands: "count qmAgent" },
      "start|reboot|resume|unlock": {
        operands: "count",
        flags: "--timeout:count",
        verdict: "medium",
        does: "starts or restarts a guest",
      },
      "shutdown|stop|reset|suspend|destroy|rollback|delsnapshot": {
        operands: "count name",
        flags: "--timeout:count --forceStop:count",
        verdict: "high",
        does: "stops or deletes a guest",
      },
    },
  },
  pvesh: {
    source: "pvesh(1)",
    subcommands: {
      "get|ls": { flags: "--output-format:word --noborder --noheader", operands: "apiPath" },
    },
  },
  pvesm: {
    source: "pvesm(1)",
    subcommands: {
      status: { flags: "-content:word -storage:name --storage:name --content:word" },
      list: { operands: "name" },
    },
  },
  pvecm: { source: "pvecm(1)", subcommands: { "status|nodes": {} } },
  pveversion: { source: "pveversion(1)", flags: "-v --verbose" },
  pveperf: { source: "pveperf(1)", verdict: "medium", does: "keeps the disks busy for a while" },
  "ha-manager": {
    source: "ha-manager(1)",
    subcommands: { "status|config": { flags: "--verbose" } },
  },
  virsh: {
    source: "virsh(1); -c reaches other machines",
    flags: "-q -r --readonly --quiet",
    subcommands: {
      "list|nodeinfo|version|uri|hostname|capabilities|net-list|pool-list|vol-list|iface-list": {
        flags: "--all --details --inactive --name",
        operands: "name",
      },
      "dominfo|domstate|domblklist|domblkstat|domifaddr|domiflist|domifstat|dommemstat|domstats|vcpuinfo|snapshot-list|net-info|pool-info|cpu-stats":
        { operands: "name name" },
      "start|reboot|resume": {
        operands: "name",
        verdict: "medium",
        does: "starts or restarts a guest",
      },
      "shutdown|destroy|reset|suspend|undefine": {
        operands: "name",
        verdict: "high",
        does: "stops or deletes a guest",
      },
    },
  },
  ceph: {
    source: "ceph(8)",
    flags: "-s -f:word --format:word -v",
    isFineAlone: false,
    subcommands: {
      "status|health|df|versions|fsid|report|quorum_status": {
        isFineAlone: true,
        subcommands: { detail: {} },
      },
      "osd|mon|pg|mds|mgr|fs": {
        subcommands: {
          "tree|stat|df|ls|status|dump|perf|pool": {
            isFineAlone: true,
            subcommands: { "ls|stats": {}, detail: {} },
          },
        },
      },
    },
  },
  gluster: {
    source: "gluster(8)",
    subcommands: {
      "volume|peer": { subcommands: { "status|info|list": { operands: "name word" } } },
    },
  },
  vagrant: {
    source: "vagrant --help",
    subcommands: { "status|global-status|version": { operands: "name" } },
  },
  terraform: { source: "terraform --help", subcommands: { version: {} } },
  ansible: { source: "ansible(1)", verdict: "high", does: "runs modules on other machines" },
};
