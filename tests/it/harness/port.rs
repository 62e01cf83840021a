//! A port where nobody listens, for as long as a test wants it so.

use std::net::SocketAddr;

use tokio::net::TcpSocket;

/// Refuses every connection and is given to nobody else while it is kept; told to listen, it accepts them.
pub(crate) fn closed_port() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().expect("a socket");
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(any).expect("a port");
    let address = socket.local_addr().expect("its address");
    (socket, address)
}
