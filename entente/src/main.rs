//! The `entente` command.

/// Requests allocate many small pieces on one thread and free them on another, where the allocator of glibc
/// spends more time than the database.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    entente::main()
}
