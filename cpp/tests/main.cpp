// Every path of this processor against the portable one, at odd sizes, and that one against plain loops. Says how much was
// compared; fails if any differed.
#include "check.h"

int main() {
    using namespace digitlab::tests;
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const auto run = [](const char* what, void (*test)()) {
        const int before = checks;
        test();
        std::printf("%s: %d comparisons\n", what, checks - before);
    };
#if !defined(__SANITIZE_THREAD__)  // these know of no other threads
    run("lists", test_lists);
    run("kernels", test_kernels);
    run("regularization", test_regularization);
#endif
    run("sessions", test_sessions);
    run("distort", test_distort);
    if (failures) std::printf("%d of %d comparisons FAILED\n", failures, checks);
    return failures != 0;
}
