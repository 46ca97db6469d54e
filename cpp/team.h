// A few threads that work together.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

namespace digitlab {

// Where workers wait for each other; what any of them wrote before is seen by all after.
class Barrier {
  public:
    Barrier(int workers, bool crowded) : workers_(workers), spins_(crowded ? 0 : 100000) {}
    void wait();

  private:
    const int workers_, spins_;
    std::atomic<int> arrived_{0}, round_{0};
};

// One of the workers on a job: which share of it is its own.
struct Worker {
    int index, count;
    Barrier* barrier;

    int begin(int items) const { return static_cast<int>(static_cast<int64_t>(items) * index / count); }
    int end(int items) const { return static_cast<int>(static_cast<int64_t>(items) * (index + 1) / count); }
    template <typename Visit>
    void share(int items, Visit visit) const {
        for (int item = begin(items); item < end(items); ++item) visit(item);
    }
    void meet() const {
        if (count > 1) barrier->wait();
    }
};

constexpr Worker ALONE{0, 1, nullptr};

// Threads that wait for jobs. One job at a time; a second caller waits. Survives a fork: the child gets new threads.
class Team {
  public:
    explicit Team(int threads);
    ~Team();

    int size() const { return threads_; }
    // Calls work once for each worker, the first in this thread; returns when all have, and passes on the first exception.
    void run(const std::function<void(const Worker&)>& work);

  private:
    struct Crew;
    const int threads_;
    std::unique_ptr<Crew> crew_;
};

}  // namespace digitlab
