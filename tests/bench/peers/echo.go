// A plain Go echo server, as the tutorial would write it once its bugs are gone.
// usage: echo_go PORT   (prints "listening PORT"; port 0 picks a free one)
package main

import (
	"fmt"
	"io"
	"net"
	"os"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("listening", listener.Addr().(*net.TCPAddr).Port)
	for {
		conn, err := listener.Accept()
		if err != nil {
			continue
		}
		go serve(conn.(*net.TCPConn))
	}
}

// serve reads and writes through a buffer of its own: io.Copy between two TCP connections would
// splice in the kernel, which is another program.
func serve(conn *net.TCPConn) {
	defer conn.Close()
	buffer := make([]byte, 32*1024)
	for {
		n, err := conn.Read(buffer)
		if n > 0 {
			if _, err := conn.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err == io.EOF {
			conn.CloseWrite()
			return
		}
		if err != nil {
			return
		}
	}
}
