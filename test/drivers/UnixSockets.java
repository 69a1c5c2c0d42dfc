// Lets the JDBC driver, which knows TCP only, reach a server by its socket: socketFactory=UnixSockets&socketFactoryArg=FILE.
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import javax.net.SocketFactory;

public class UnixSockets extends SocketFactory {
    final String file;

    public UnixSockets(String file) { this.file = file; }

    @Override
    public Socket createSocket() throws IOException {
        SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(file));
        return new Socket() {
            @Override public void connect(SocketAddress address, int timeout) {}
            @Override public boolean isConnected() { return true; }
            @Override public InputStream getInputStream() { return Channels.newInputStream(channel); }
            @Override public OutputStream getOutputStream() { return Channels.newOutputStream(channel); }
            @Override public void close() throws IOException { channel.close(); }
            @Override public void setTcpNoDelay(boolean on) {}
            @Override public void setKeepAlive(boolean on) {}
            @Override public void setSoTimeout(int milliseconds) {}
            @Override public int getSoTimeout() { return 0; }
        };
    }

    @Override public Socket createSocket(String host, int port) throws IOException { return createSocket(); }
    @Override public Socket createSocket(String host, int port, java.net.InetAddress local, int localPort) throws IOException { return createSocket(); }
    @Override public Socket createSocket(java.net.InetAddress host, int port) throws IOException { return createSocket(); }
    @Override public Socket createSocket(java.net.InetAddress host, int port, java.net.InetAddress local, int localPort) throws IOException {
        return createSocket();
    }
}
