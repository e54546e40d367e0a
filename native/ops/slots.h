// The numbered descriptors that the steps of one plan share.
#pragma once

#include <array>
#include <bitset>

#include "core/result.h"
#include "core/unique_fd.h"
#include "plan/ops.gen.h"

namespace tspod::ops {

class Slots {
 public:
  using Set = std::bitset<plan::kMaxSlots>;

  /** Returns the descriptor in a slot; EBADF if there is none. */
  Result<int> get(uint32_t slot) const {
    if (slot >= plan::kMaxSlots || !fds_[slot]) return Error{"slot", std::to_string(slot), EBADF};
    return fds_[slot].get();
  }
  Result<int> get(int32_t slot) const { return get(static_cast<uint32_t>(slot)); }

  /**
   * Puts a descriptor into a slot and closes what it held: a plan that is run again fills its slots again.
   */
  Result<void> put(uint32_t slot, UniqueFd fd) {
    if (slot >= plan::kMaxSlots) return Error{"slot", std::to_string(slot), EBADF};
    fds_[slot] = std::move(fd);
    changed_.set(slot);
    return {};
  }

  /** Closes the descriptor in a slot, if there is one. */
  void close(uint32_t slot) {
    if (slot < plan::kMaxSlots) fds_[slot].reset();
  }

  /** Returns the slots that were filled since the last call. */
  Set take_changed() { return std::exchange(changed_, {}); }

  /** Takes a descriptor out of its slot; an invalid one if there is none. */
  UniqueFd take(uint32_t slot) {
    return slot < plan::kMaxSlots ? std::exchange(fds_[slot], UniqueFd()) : UniqueFd();
  }

  /** Closes all slots but these. */
  void clear_except(const Set& kept) {
    for (uint32_t slot = 0; slot < plan::kMaxSlots; ++slot) {
      if (!kept.test(slot)) fds_[slot].reset();
    }
    changed_.reset();
  }
  void clear() { clear_except(Set()); }

  /** Calls `use` with each descriptor held. */
  template <typename Use> void for_each(Use&& use) const {
    for (const UniqueFd& fd : fds_) {
      if (fd) use(fd.get());
    }
  }

 private:
  std::array<UniqueFd, plan::kMaxSlots> fds_;
  Set changed_;
};

}  // namespace tspod::ops
