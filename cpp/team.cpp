#include "team.h"

#include <unistd.h>

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace digitlab {

static inline void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

void Barrier::wait() {
    const int round = round_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == workers_) {
        arrived_.store(0, std::memory_order_relaxed);
        round_.store(round + 1, std::memory_order_release);
        round_.notify_all();
        return;
    }
    for (int i = 0; i < spins_; ++i) {
        if (round_.load(std::memory_order_acquire) != round) return;
        pause_briefly();
    }
    while (round_.load(std::memory_order_acquire) == round) round_.wait(round, std::memory_order_acquire);
}

struct Team::Crew {
    const pid_t process = getpid();
    std::mutex one_job;
    std::mutex mutex;  // of what follows
    std::condition_variable wake, done;
    const std::function<void(int)>* job = nullptr;
    int64_t number = 0;
    int working = 0;
    bool over = false;
    std::exception_ptr trouble;
    std::vector<std::thread> threads;

    void serve(int index) {
        int64_t seen = 0;
        std::unique_lock lock(mutex);
        while (true) {
            wake.wait(lock, [&] { return over || number != seen; });
            if (over) return;
            seen = number;
            const auto* work = job;
            lock.unlock();
            attempt(*work, index);
            lock.lock();
            if (--working == 0) done.notify_one();
        }
    }

    void attempt(const std::function<void(int)>& work, int index) {
        try {
            work(index);
        } catch (...) {
            std::lock_guard lock(mutex);
            if (!trouble) trouble = std::current_exception();
        }
    }
};

Team::Team(int threads) : threads_(threads), crew_(std::make_unique<Crew>()) {}

Team::~Team() {
    if (crew_->process != getpid()) {  // a fork copies no threads: there is nobody to end
        crew_.release();
        return;
    }
    {
        std::lock_guard lock(crew_->mutex);
        crew_->over = true;
    }
    crew_->wake.notify_all();
    for (auto& thread : crew_->threads) thread.join();
}

void Team::run(const std::function<void(const Worker&)>& work) {
    if (crew_->process != getpid()) {
        crew_.release();  // its locks may be held by threads that are not here
        crew_ = std::make_unique<Crew>();
    }
    Crew& crew = *crew_;
    std::lock_guard one(crew.one_job);
    Barrier barrier(threads_, threads_ > static_cast<int>(std::thread::hardware_concurrency()));
    const std::function<void(int)> job = [&](int index) { work(Worker{index, threads_, &barrier}); };
    while (static_cast<int>(crew.threads.size()) < threads_ - 1)
        crew.threads.emplace_back([&crew, index = static_cast<int>(crew.threads.size()) + 1] { crew.serve(index); });
    {
        std::lock_guard lock(crew.mutex);
        crew.job = &job;
        crew.working = threads_ - 1;
        crew.trouble = nullptr;
        ++crew.number;
    }
    crew.wake.notify_all();
    crew.attempt(job, 0);
    std::unique_lock lock(crew.mutex);
    crew.done.wait(lock, [&] { return crew.working == 0; });
    if (crew.trouble) std::rethrow_exception(crew.trouble);
}

}  // namespace digitlab
