#include "team.h"

#include <unistd.h>

#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace digitlab {

// Not the processor's own instruction for it: virtual machines take many of those in a row for a lock whose holder is not
// running, and put the waiting core to sleep for longer than a step takes.
static inline void pause_briefly() {
    asm volatile("nop;nop;nop;nop;nop;nop;nop;nop");
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
        i % 512 < 511 ? pause_briefly() : std::this_thread::yield();  // who is waited for may be next on this core
    }
    while (round_.load(std::memory_order_acquire) == round) round_.wait(round, std::memory_order_acquire);
}

struct Team::Crew {
    const pid_t process = getpid();
    std::mutex one_job, one_trouble;
    const std::function<void(int)>* job = nullptr;  // null: go home
    std::atomic<unsigned> number{0};                // of the job
    std::atomic<int> working{0};                    // threads on it
    std::exception_ptr trouble;
    std::vector<std::thread> threads;

    void serve(int index) {
        for (unsigned seen = 0;; ++seen) {
            number.wait(seen);
            if (!job) return;
            attempt(index);
            if (--working == 0) working.notify_one();
        }
    }

    void attempt(int index) {
        try {
            (*job)(index);
        } catch (...) {
            std::lock_guard lock(one_trouble);
            if (!trouble) trouble = std::current_exception();
        }
    }

    void begin(const std::function<void(int)>* next) {
        job = next, working = static_cast<int>(threads.size()), trouble = nullptr;
        ++number;
        number.notify_all();
    }
};

Team::Team(int threads) : threads_(threads), crew_(std::make_unique<Crew>()) {}

Team::~Team() {
    if (crew_->process != getpid()) {  // a fork copies no threads: there is nobody to end
        crew_.release();
        return;
    }
    crew_->begin(nullptr);
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
    crew.begin(&job);
    crew.attempt(0);
    for (int left; (left = crew.working) > 0;) crew.working.wait(left);
    if (crew.trouble) std::rethrow_exception(crew.trouble);
}

}  // namespace digitlab
