#include "plan/rules.h"

namespace tspod::plan {
namespace {

/** Kinds of steps, by where they may run. */
enum class Kind {
  kSetting,     // tells the monitor something; has no effect by itself
  kMonitor,     // only before the clone
  kAboutChild,  // on the cloned child, from outside
  kOnEither,    // in the container's first process on itself, or on it from outside
  kNamespaces,  // changes the calling process's namespaces for the steps that follow
  kInit,        // changes the calling process for good: the monitor and the addon must not run it
  kAnywhere,    // acts on descriptors, files, mounts, cgroups, the current namespaces
};

constexpr Kind kind_of(Op op) {
  switch (op) {
    case Op::kRunDirectory:
    case Op::kStdio:
    case Op::kLog:
    case Op::kRestart:
    case Op::kTimeLimit:
    case Op::kOomCounter:
    case Op::kPidFile:
    case Op::kRole:
    case Op::kHealthCheck:
    case Op::kHealth: return Kind::kSetting;
    case Op::kAdopt:
    case Op::kOpenDonor:
    case Op::kHoldFile:
    case Op::kHoldPort:
    case Op::kNetworkNamespace:
    case Op::kCloneInUserNamespace:
    case Op::kCloneBeside:
    case Op::kStreamOwner:
    case Op::kClone: return Kind::kMonitor;
    case Op::kIdMaps:
    case Op::kOpenChildNamespace: return Kind::kAboutChild;
    case Op::kCgroupEnter:
    case Op::kRlimit:
    case Op::kRaiseLimit:
    case Op::kOomScoreAdj:
    case Op::kScheduler:
    case Op::kIoPriority: return Kind::kOnEither;
    case Op::kJoinNamespaces:
    case Op::kUnshare:
    case Op::kTimeOffset: return Kind::kNamespaces;
    case Op::kAwaitStage:
    case Op::kBecomeNamespaceRoot:
    case Op::kRootPropagation:
    case Op::kPivotRoot:
    case Op::kMaskPath:
    case Op::kReadonlyPath:
    case Op::kReadonlyRoot:
    case Op::kSetRootPropagation:
    case Op::kUmask:
    case Op::kPersonality:
    case Op::kCpuAffinity:
    case Op::kSessionKeyring:
    case Op::kTerminal:
    case Op::kNewSession:
    case Op::kExposeFd:
    case Op::kLookUpUser:
    case Op::kUseIds:
    case Op::kSetIds:
    case Op::kBoundingCapabilities:
    case Op::kCapabilities:
    case Op::kNoNewPrivileges:
    case Op::kSeccomp:
    case Op::kApparmor:
    case Op::kSelinux:
    case Op::kWorkingDirectory:
    case Op::kBecomeInit:
    case Op::kPause:
    case Op::kExec: return Kind::kInit;
    case Op::kOpenPath:
    case Op::kInheritFd:
    case Op::kOpenProcess:
    case Op::kPinNamespace:
    case Op::kCgroupCreate:
    case Op::kWriteFileAt:
    case Op::kCgroupDevices:
    case Op::kCgroupOwner:
    case Op::kCpusetInherit:
    case Op::kCgroupRemove:
    case Op::kMountFs:
    case Op::kMountLayers:
    case Op::kOpenTree:
    case Op::kMountAttributes:
    case Op::kAttachMount:
    case Op::kAttachInRoot:
    case Op::kUnmount:
    case Op::kCopyUp:
    case Op::kOpenTreeInRoot:
    case Op::kMakeDirectory:
    case Op::kMakeNode:
    case Op::kMakeSymlink:
    case Op::kMakeFile:
    case Op::kExtendFile:
    case Op::kSetXattr:
    case Op::kRemoveFile:
    case Op::kRemoveRecord:
    case Op::kRemoveTree:
    case Op::kHostname:
    case Op::kDomainname:
    case Op::kSysctl:
    case Op::kLinkUp:
    case Op::kNetlinkSocket:
    case Op::kNetlink:
    case Op::kNetworkSysctl:
    case Op::kForgetFlows:
    case Op::kForgetNames:
    case Op::kLockFile:
    case Op::kCloseSlot:
    case Op::kHook:
    case Op::kRunProgram: return Kind::kAnywhere;
  }
  return Kind::kSetting;
}

constexpr bool has_child(Stage stage) {
  return stage == Stage::kNetwork || stage == Stage::kAfterClone || stage == Stage::kBeforePivot ||
         stage == Stage::kStarted;
}

}  // namespace

bool runs_in(Op op, Stage stage) {
  switch (kind_of(op)) {
    case Kind::kSetting: return stage == Stage::kSettings;
    case Kind::kMonitor: return stage == Stage::kPrepare;
    case Kind::kAboutChild: return has_child(stage);
    case Kind::kOnEither: return stage == Stage::kInit || has_child(stage);
    case Kind::kNamespaces:
      return stage == Stage::kPrepare || stage == Stage::kAfterClone || stage == Stage::kInit;
    case Kind::kInit: return stage == Stage::kInit;
    case Kind::kAnywhere: return stage != Stage::kSettings;
  }
  return false;
}

}  // namespace tspod::plan
