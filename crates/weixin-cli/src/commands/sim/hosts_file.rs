//! `--hosts`: WeChat's hosts on this machine, for programs that ignore proxies.

use std::{
    ffi::OsString,
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use tokio::process::Command;
use weixin_sim::{Authority, WECHAT_HOSTS};

use super::target::Target;
use crate::{error::CliError, message::message};

/// Candidates for the address of WeChat's hosts. Each running `--hosts` uses one.
fn free_addresses() -> impl Iterator<Item = Ipv4Addr> {
    (1..=254).map(|last| Ipv4Addr::new(127, 87, 88, last))
}

/// Listens as WeChat's hosts, and runs the command with an `/etc/hosts` of its own.
pub(super) async fn by_hosts(
    target: &Target,
    authority: &Authority,
    files: &Path,
    command: &[OsString],
) -> Result<Command, CliError> {
    if !is_root() {
        return Err(CliError::Usage(message(
            "--hosts 只能在 Linux 上以 root 运行，因为要挂载单独的 /etc/hosts：请用 sudo。\
             支持 HTTPS_PROXY 的程序不需要 --hosts",
            "--hosts is for Linux and needs root, because it mounts a private /etc/hosts: use sudo. \
             Without --hosts, programs that support HTTPS_PROXY find the simulator",
        )));
    }
    let hosts = hosts_file(serve_hosts(target, authority).await?, files)?;
    let mut child = Command::new("unshare");
    child
        .args(["--mount", "--propagation", "private", "--", "sh", "-c"])
        .arg("mount --bind \"$0\" /etc/hosts && exec \"$@\"")
        .arg(hosts)
        .args(command);
    Ok(child)
}

/// Listens on ports 443 and 80 of the first address where both are free, and returns the address.
async fn serve_hosts(target: &Target, authority: &Authority) -> Result<Ipv4Addr, CliError> {
    for ip in free_addresses() {
        let [tls, plain] = [443, 80].map(|port| SocketAddr::from((ip, port)));
        let mut served = target
            .serve_tls(tls, authority)
            .await
            .map_err(|error| (tls, error));
        if served.is_ok() {
            served = target
                .serve_http(plain)
                .await
                .map_err(|error| (plain, error));
        }
        match served {
            Ok(_) => return Ok(ip),
            Err((_, source)) if source.kind() == io::ErrorKind::AddrInUse => {}
            Err((address, source)) => {
                return Err(CliError::Listen {
                    option: "weixin sim exec --hosts",
                    address,
                    source,
                });
            }
        }
    }
    Err(CliError::Other(message(
        "--hosts：本机所有地址的 443 或 80 端口都已被占用：请结束占用它的程序，或去掉 --hosts",
        "--hosts: port 443 or 80 is in use on every address of this machine: stop the other program, or omit --hosts",
    )))
}

/// Writes a copy of the machine's hosts file with WeChat's hosts at this address.
fn hosts_file(ip: Ipv4Addr, files: &Path) -> io::Result<PathBuf> {
    let own = match fs::read_to_string("/etc/hosts") {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        own => own?,
    };
    let file = files.join("hosts");
    fs::write(&file, hosts(ip, &own))?;
    Ok(file)
}

/// WeChat's hosts at this address, and all other entries of the machine's own file.
fn hosts(ip: Ipv4Addr, own: &str) -> String {
    let mut hosts = format!("{ip} {}\n", WECHAT_HOSTS.join(" "));
    for line in own.lines() {
        let words = line.split_whitespace();
        let others: Vec<_> = words.filter(|word| !WECHAT_HOSTS.contains(word)).collect();
        hosts.push_str(&others.join(" "));
        hosts.push('\n');
    }
    hosts
}

#[cfg(target_os = "linux")]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    // The owner of this process.
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[cfg(not(target_os = "linux"))]
fn is_root() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wechats_hosts_are_at_one_address_and_other_entries_stay() {
        let own = "127.0.0.1\tlocalhost api.weixin.qq.com\n\n# 127.0.0.1 open.weixin.qq.com\n::1 localhost\n";
        assert_eq!(
            hosts(Ipv4Addr::new(127, 87, 88, 2), own),
            "127.87.88.2 open.weixin.qq.com lp.open.weixin.qq.com long.open.weixin.qq.com api.weixin.qq.com \
             api2.weixin.qq.com sh.api.weixin.qq.com sz.api.weixin.qq.com hk.api.weixin.qq.com res.wx.qq.com \
             thirdwx.qlogo.cn wx.qlogo.cn\n127.0.0.1 localhost\n\n# 127.0.0.1\n::1 localhost\n"
        );
    }
}
